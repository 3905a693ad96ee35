"""Finds the first equation that is guilty: its output is wrong although it was computed from agreed inputs.

A graph is run equation by equation on a backend, each compiled as it is inside the whole (fast composites native,
optimizer updates on state, equations under a gradient together with their gradient). Each is judged against its
float64 meaning on the very arrays that the backend gave it, so that an error handed down accuses nobody.

Source: the rule is that of Gu et al. 2022, Muffin (ICSE), with agreement made exact instead of approximate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from multiback.backends.protocol import Adapter, Executable, Options
from multiback.graph import dims, passes
from multiback.graph.ir import Equation, Graph, Literal, Value, flat
from multiback.testing import isolate
from multiback.testing.guilty import Guilty
from multiback.testing.isolate import Isolated
from multiback.testing.judge import Verdict, judge
from multiback.testing.rounding import Spread, spreads
from multiback.testing.values import evaluate, sizes_of, written_out

Arrays = list[np.ndarray]
_GRADIENT = "value_and_grad"


def bisect(
    graph: Graph,
    adapter: Adapter,
    inputs: Sequence[np.ndarray],
    *,
    state: Sequence[np.ndarray] = (),
    options: Options | None = None,
) -> Guilty | None:
    """The first equation of a graph that a backend computes wrongly.

    Arguments:
        graph: As traced; gradients and composites as they are.
        adapter: The backend.
        inputs: One array per argument of the graph.
        state: One array per state input.
        options: How the graph is compiled.

    Returns:
        What is guilty, with its inputs; None if every equation alone is within its bound: 16 units of rounding, at the
        magnitude that the op's conformance cases state, for a primitive; 16 times the spread of random rounding for a
        composite and for gradients.

    Example:
        >>> print(bisect(traced.graph, get_adapter("torch"), [x, y], state=weights))
    """
    arrays = [np.asarray(a) for a in (*state, *inputs)]
    weights = {v.name for v in graph.inputs[: graph.state] if v.name}
    run = _Run(adapter, options or Options(), sizes_of(graph, arrays), weights)
    replaced = {graph.inputs[i]: new for i, new in zip(graph.updates, graph.outputs) if isinstance(new, Value)}
    env = dict(zip(graph.inputs, arrays))
    try:
        run.forward(graph.equations, env, dict(graph.constants), replaced)
    except _Found as found:
        return found.guilty
    return None


class _Found(Exception):
    def __init__(self, guilty: Guilty) -> None:
        super().__init__(str(guilty))
        self.guilty = guilty


class _Run:
    """One run of a graph on one backend; `_Found` ends it."""

    def __init__(self, adapter: Adapter, options: Options, sizes: Mapping[str, int], weights: set[str]) -> None:
        self.adapter = adapter
        self.options = options
        self.sizes = dict(sizes)
        self.weights = weights
        self.compiled: dict[Any, tuple[Isolated, Executable]] = {}
        self.within: tuple[str, ...] = ()
        self.around: Equation | None = None

    # ---- walking

    def forward(
        self,
        equations: Sequence[Equation],
        env: dict[Value, np.ndarray],
        constants: dict[Value, np.ndarray],
        replaced: Mapping[Value, Value],
    ) -> None:
        """Computes and judges equations in order; their values go into `env`."""
        env.update(constants)
        for equation in equations:
            if equation.op.name == _GRADIENT:
                self.differentiate(equation, env)
            else:
                self.judge_forward(equation, env, constants, replaced)

    def differentiate(self, equation: Equation, env: dict[Value, np.ndarray]) -> None:
        """A gradient: the body forward, equation by equation, then backward with each equation's own gradient."""
        body: Graph = equation.attributes["body"]
        wrt = body.inputs[: len(list(flat(equation.inputs[0])))]
        given = [_number(x) if isinstance(x, Literal) else env[x] for x in flat(equation.inputs)]
        inner = dict(zip(body.inputs, given))
        loss = body.outputs[0]
        seed = np.ones((), loss.dtype.numpy)
        pulled = self.sweep(body.equations, inner, dict(body.constants), wrt, {loss: seed})
        outputs = [_number(x) if isinstance(x, Literal) else inner[x] for x in body.outputs]
        gradients = [pulled.get(x, np.zeros_like(inner[x])) for x in wrt]
        env.update(zip(equation.flat_outputs, [*outputs, *gradients]))

    def sweep(
        self,
        equations: Sequence[Equation],
        env: dict[Value, np.ndarray],
        constants: dict[Value, np.ndarray],
        wrt: Sequence[Value],
        cotangents: Mapping[Any, np.ndarray],
    ) -> dict[Value, np.ndarray]:
        """Equations forward and backward: the cotangents of all values on the way from `wrt` to `cotangents`."""
        env.update(constants)
        active = _active(equations, wrt)
        through = _through(equations, active, cotangents)
        for equation in equations:
            if equation not in through:
                self.judge_forward(equation, env, constants, {})
                continue
            outputs, _ = self.judge_differentiated(equation, env, active, None)
            env.update(zip(equation.flat_outputs, outputs))
        pulled = dict(cotangents)
        for equation in reversed(equations):
            if equation in through and any(y in pulled for y in equation.flat_outputs):
                _, gradients = self.judge_differentiated(equation, env, active, pulled)
                for x, g in gradients.items():
                    pulled[x] = pulled[x] + g if x in pulled else g
        return pulled

    # ---- judging

    def judge_forward(
        self,
        equation: Equation,
        env: dict[Value, np.ndarray],
        constants: dict[Value, np.ndarray],
        replaced: Mapping[Value, Value],
    ) -> None:
        isolated, executable = self.program(equation, constants, replaced)
        arrays = [env[x] for x in isolated.operands]
        found = self.execute(isolated, executable, arrays)
        values = [env[x] if x in env else constants[x] for x in isolate.operands_of(equation)]
        own = isolate.alone(equation, {}, self.sizes, {})
        verdicts = self.verdicts(equation, own, values, [found[i] for i in isolated.order])
        if wrong := [(i, v) for i, v in enumerate(verdicts) if not v.passed]:
            self.look_inside(equation, env, constants)
            if (part := isolate.narrowed(equation, wrong[0][0])) is not None:
                self.judge_forward(part, dict(env), constants, replaced)
            # In the order of the isolated graph's outputs.
            self.accuse(equation, "output", [(isolated.order[i], v) for i, v in wrong], isolated, arrays)
        env.update(zip(equation.flat_outputs, [found[i] for i in isolated.order]))

    def judge_differentiated(
        self,
        equation: Equation,
        env: dict[Value, np.ndarray],
        active: Collection[Value],
        cotangents: Mapping[Value, np.ndarray] | None,
    ) -> tuple[Arrays, dict[Value, np.ndarray]]:
        """The outputs and the gradients of one equation; judges the first without cotangents, else the second."""
        isolated, executable = self.gradient_program(equation, active)
        floats = [y for y in equation.flat_outputs if y.dtype.is_float]
        pulled = [_cotangent(y, (cotangents or {}).get(y), self.sizes) for y in floats]
        arrays = [env[x] for x in isolated.operands]
        found = self.execute(isolated, executable, arrays, pulled)
        count = len(equation.flat_outputs)
        outputs, gradients = found[:count], dict(zip(isolated.active, found[count:]))
        if cotangents is None:
            own = isolate.alone(equation, {}, self.sizes, {})
            values = [env[x] for x in isolate.operands_of(equation)]
            verdicts = self.verdicts(equation, own, values, outputs)
            if wrong := [(i, v) for i, v in enumerate(verdicts) if not v.passed]:
                self.judge_forward(equation, dict(env), {}, {})
                self.accuse(equation, "output under a gradient", wrong, isolated, arrays, pulled)
            return outputs, gradients
        given = [*arrays, *isolate.carried(isolated, self.sizes), *pulled]
        wide = spreads(isolated.graph, given)[count:]
        verdicts = [s.judge(g, x.dtype) for s, (x, g) in zip(wide, gradients.items())]
        if wrong := [(i, v) for i, v in enumerate(verdicts) if not v.passed]:
            self.look_inside(equation, env, {}, isolated.active, dict(zip(floats, pulled)))
            names = [v.name for v in isolated.graph.inputs[: len(isolated.active)]]
            self.accuse(
                equation,
                f"gradient for {names[wrong[0][0]]}",
                [(i + count, v) for i, v in wrong],
                isolated,
                arrays,
                pulled,
            )
        return outputs, gradients

    def verdicts(self, equation: Equation, own: Isolated, arrays: Arrays, found: Arrays) -> list[Verdict]:
        """Each output of an equation against its float64 meaning on the arrays that it was given."""
        given = [*arrays, *isolate.carried(own, self.sizes)]
        want = evaluate(written_out(own.graph), given, wide=True, sizes=self.sizes)
        dtypes = [v.dtype for v in equation.flat_outputs]
        verdicts = [judge(g, w, d, c=0.0) for g, w, d in zip(found, want, dtypes)]
        if all(v.passed for v in verdicts):
            return verdicts
        wide: list[Spread] = spreads(own.graph, given)
        return [s.judge(g, d, elementwise=not equation.op.composite) for s, g, d in zip(wide, found, dtypes)]

    def look_inside(
        self,
        equation: Equation,
        env: dict[Value, np.ndarray],
        constants: Mapping[Value, np.ndarray],
        wrt: Sequence[Value] = (),
        cotangents: Mapping[Value, np.ndarray] | None = None,
    ) -> None:
        """Raises `_Found` for the guilty part of an equation that the adapter runs as several."""
        outer, around = self.within, self.around
        self.within = (*outer, equation.op.name)
        self.around = equation if equation.scope else around
        if equation.op.name == "scan" and cotangents is None:
            self.unroll(equation, env)
        inner, outputs, known = self.parts(equation, env)
        if not inner:
            self.within, self.around = outer, around
            return
        values = {**env, **constants}
        if cotangents is None:
            self.forward(inner, values, known, {})
        else:
            ends: dict[Value, np.ndarray] = {}
            for old, new in zip(equation.flat_outputs, outputs):
                if old in cotangents and isinstance(new, Value):
                    ends[new] = ends[new] + cotangents[old] if new in ends else cotangents[old]
            self.sweep(inner, values, known, wrt, ends)
        self.within, self.around = outer, around

    def unroll(self, equation: Equation, env: Mapping[Value, np.ndarray]) -> None:
        """Judges the equations of a scan's body, step by step."""
        init, xs, captures = (
            [_number(x) if isinstance(x, Literal) else env[x] for x in flat(part)] for part in equation.inputs
        )
        body: Graph = equation.attributes["body"]
        steps = range(dims.evaluate(equation.attributes["length"], self.sizes))
        carry = init
        for t in reversed(steps) if equation.attributes["reverse"] else steps:
            inner = dict(zip(body.inputs, [*carry, *(x[t] for x in xs), *captures]))
            self.forward(body.equations, inner, dict(body.constants), {})
            carry = [_number(x) if isinstance(x, Literal) else inner[x] for x in body.outputs[: len(init)]]

    def parts(
        self, equation: Equation, env: Mapping[Value, np.ndarray]
    ) -> tuple[Sequence[Equation], list[Any], dict[Value, np.ndarray]]:
        """What an equation is run as: the equations of its body or branch, their outputs and their constants."""
        constants: dict[Value, np.ndarray] = {}
        if equation.op.composite:
            prepared = self.adapter.prepare(isolate.alone(equation, {}, self.sizes, {}).graph, self.options)
            if any(e.op is equation.op for e in prepared.walk()):
                return (), [], {}
            inner, outputs = passes.instantiate(equation, constants)
            return inner, list(flat(outputs)), constants
        if equation.op.name == "cond":
            predicate, operands = equation.inputs
            taken = "true_graph" if bool(env[predicate]) else "false_graph"  # type: ignore[index]
            branch: Graph = equation.attributes[taken]
            renamed = dict(zip(branch.inputs, operands))  # type: ignore[arg-type]
            inner = tuple(e.replace(inputs=passes.substitute(e.inputs, renamed)) for e in branch.equations)
            return inner, list(passes.substitute(branch.outputs, renamed)), dict(branch.constants)
        return (), [], {}

    def accuse(
        self,
        equation: Equation,
        role: str,
        wrong: Sequence[tuple[int, Verdict]],
        isolated: Isolated,
        arrays: Arrays,
        cotangents: Arrays | None = None,
    ) -> None:
        """Raises `_Found` for an equation; `wrong` counts the outputs of the isolated graph."""
        given = [*arrays, *isolate.carried(isolated, self.sizes), *(cotangents or ())]
        want = evaluate(written_out(isolated.graph), given, wide=True)
        number, verdict = wrong[0]
        if not equation.scope and self.around is not None:
            # Bodies of loops know no layers: they belong to the layer of the loop.
            equation = equation.replace(scope=self.around.scope, line=self.around.line)
        raise _Found(
            Guilty(
                equation=equation, role=role, output=number, verdict=verdict, within=self.within,
                weights=tuple(dict.fromkeys(x.name for x in isolated.operands if x.name in self.weights)),  # type: ignore[misc]
                inputs=tuple(given), want=tuple(want), graph=isolated.graph, adapter=self.adapter, options=self.options,
            )
        )  # fmt: skip

    # ---- running

    def program(
        self, equation: Equation, constants: Mapping[Value, np.ndarray], replaced: Mapping[Value, Value]
    ) -> tuple[Isolated, Executable]:
        isolated = isolate.alone(equation, constants, self.sizes, replaced)
        return self.compile(equation, isolated, (isolated.graph.state, isolated.order), bool(isolated.graph.constants))

    def gradient_program(self, equation: Equation, active: Collection[Value]) -> tuple[Isolated, Executable]:
        isolated = isolate.with_gradient(equation, active, self.sizes)
        return self.compile(equation, isolated, tuple(x in active for x in isolate.operands_of(equation)), False)

    def compile(
        self, equation: Equation, isolated: Isolated, variant: Any, unique: bool
    ) -> tuple[Isolated, Executable]:
        key = (equation.op.name, isolate.signature(equation), tuple(equation.attributes.items()), variant)
        if unique:
            return isolated, self.adapter.compile(isolated.graph, self.options)
        if key not in self.compiled:
            self.compiled[key] = isolated, self.adapter.compile(isolated.graph, self.options)
        return isolated, self.compiled[key][1]

    def execute(
        self, isolated: Isolated, executable: Executable, arrays: Arrays, cotangents: Sequence[np.ndarray] = ()
    ) -> Arrays:
        return run_natively(executable, [*arrays, *isolate.carried(isolated, self.sizes), *cotangents])


def run_natively(executable: Executable, arrays: Sequence[np.ndarray]) -> Arrays:
    """New state and results of an executable, as NumPy arrays, from arrays for its state and arguments."""
    adapter, graph = executable.adapter, executable.graph
    native = [adapter.from_numpy(np.asarray(a)) for a in arrays]
    cells = [adapter.cell(a, trainable=v.dtype.is_float, name=v.name or "state") for v, a in zip(graph.inputs, native)][
        : graph.state
    ]
    new, results = executable.run(cells, native[graph.state :])
    found = [adapter.to_numpy(adapter.read(c)) for c in new] + [adapter.to_numpy(r) for r in results]
    return [np.array(a) for a in found]


def _number(x: Literal) -> np.ndarray:
    return np.asarray(x.value, x.dtype.numpy)


def _cotangent(value: Value, given: np.ndarray | None, sizes: Mapping[str, int]) -> np.ndarray:
    if given is not None:
        return np.asarray(given, value.dtype.numpy)
    return np.zeros([dims.evaluate(n, sizes) for n in value.shape], value.dtype.numpy)


def _active(equations: Sequence[Equation], wrt: Sequence[Value]) -> set[Value]:
    active = set(wrt)
    for equation in equations:
        if any(x in active for x in equation.flat_inputs):
            active.update(y for y in equation.flat_outputs if y.dtype.is_float)
    return active


def _through(equations: Sequence[Equation], active: set[Value], ends: Collection[Any]) -> set[Equation]:
    """The equations on the way from what is differentiated to the ends."""
    needed, found = set(ends), set()
    for equation in reversed(equations):
        if any(y in needed and y in active for y in equation.flat_outputs):
            found.add(equation)
            needed.update(x for x in equation.flat_inputs if x in active)
    return found

"""The equations of a compiled graph, each timed alone on its backend on the arrays that it gets in the whole.

Each is compiled as it stands in the prepared graph: after the adapter's passes, composites native where the adapter
keeps them, in the way that was chosen for it. Where the adapter has written the gradient out, its equations are timed
as any other; one that needs a tape which another left, and which serves once, is timed together with that one, less
what that one takes alone. Where the framework differentiates by itself, the backward pass of an equation is what its
outputs together with its gradients take, less what its outputs alone take, less the multiplication with a cotangent
that the measurement adds. From every call what an empty one takes is taken off.

All are run one after the other, round after round, and not each many times in a row: so that each finds in the caches
what it finds there in the whole step, which is little.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from multiback import ops
from multiback.backends.protocol import Adapter, Executable, Native, Options
from multiback.graph.ir import Equation, Graph, Literal, Spec, Value, flat
from multiback.graph.trace import trace
from multiback.profiling import rules
from multiback.profiling.costs import FORWARD, GRADIENT, Cost, Counter, phases
from multiback.profiling.timing import Program, Timed, empty_program
from multiback.testing import isolate
from multiback.testing.isolate import Isolated


@dataclass(frozen=True)
class Row:
    """One equation on a backend.

    Attributes:
        scope: The path of the layer it belongs to; "" if to none.
        op: The name of its op.
        phase: "forward", "backward" or "update".
        shape: Of its first output.
        line: The user's line that led to it.
        way: How the adapter runs it, where it chose by measuring.
        seconds: Of one run, without what a call costs.
        overhead: Seconds that its call costs when it computes nothing.
        flops: Floating-point operations; None where only the adapter knows what a kernel computes.
        read, written: Bytes of operands and outputs.
    """

    scope: str
    op: str
    phase: str
    shape: str
    line: str
    way: str
    seconds: float
    overhead: float
    flops: int | None
    read: int
    written: int


class Sweep:
    """Runs a graph equation by equation and times each.

    Arguments:
        executable: The whole, compiled.
        graph: What of it is run: its own graph, or the traced one where the adapter cannot differentiate.
        options: How it was compiled.
        sizes: The named sizes.
        rounds: Over how many the median is taken.
        clock: Of `multiback.profiling.timing.CLOCKS`.
    """

    def __init__(
        self,
        executable: Executable,
        graph: Graph,
        options: Options,
        sizes: Mapping[str, int],
        rounds: int,
        clock: str,
    ) -> None:
        self.adapter: Adapter = executable.adapter
        self.graph = graph
        self.variants = executable.variants
        self.options = replace(options, sizes=tuple(sizes.items()), differentiable=False)
        self.sizes = sizes
        self.rounds = rounds
        self.clock = clock
        self.counter = Counter(sizes)
        self._parts: list[tuple[Part, Equation, Cost]] = []
        self._part: dict[Equation, Part] = {}
        self._timed: list[Timed] = []
        self._empty: dict[int, Timed] = {}
        self._cotangent: dict[tuple[Spec, ...], Part] = {}
        self._compiled: dict[Any, Executable] = {}
        self._source: dict[Value, Equation] = {}
        self._random = np.random.default_rng(0)

    def run(self, arrays: Sequence[Native]) -> list[Row]:
        """Times all equations on arrays for the graph's inputs."""
        graph = self.graph
        env = dict(zip(graph.inputs, arrays))
        replaced = {graph.inputs[i]: new for i, new in zip(graph.updates, graph.outputs) if isinstance(new, Value)}
        self._forward(graph, phases(graph), env, replaced)
        for _ in range(self.rounds):
            for timed in self._timed:
                timed.run(self.clock)
        return [self._row(*part) for part in self._parts]

    # ---- walking

    def _forward(
        self,
        graph: Graph,
        equations: Sequence[tuple[Equation, str]],
        env: dict[Value, Native],
        replaced: Mapping[Value, Value],
        pulled: Pulled | None = None,
    ) -> None:
        """Computes and times equations in order; what is not needed any more leaves `env`."""
        env.update({v: self.adapter.from_numpy(np.asarray(a)) for v, a in graph.constants.items()})
        last = {x: i for i, (e, _) in enumerate(equations) for x in e.flat_inputs}
        kept = {*graph.inputs, *(x for x in graph.outputs if isinstance(x, Value))}
        for i, (equation, phase) in enumerate(equations):
            if equation.op.name == GRADIENT and pulled is None:
                self._differentiate(equation, env)
            else:
                self._time(equation, phase, env, graph, replaced, pulled)
                if tapes := [y for y in equation.flat_outputs if not self.adapter.is_native(env[y])]:
                    self._source.update(dict.fromkeys(tapes, equation))
                    kept.update(isolate.operands_of(equation))
            for x in equation.flat_inputs:
                if isinstance(x, Value) and last[x] == i and x not in kept:
                    env.pop(x, None)

    def _differentiate(self, equation: Equation, env: dict[Value, Native]) -> None:
        """A gradient that the framework takes: the equations of the body, and the backward pass of each."""
        body: Graph = equation.attributes["body"]
        wrt, captures = equation.inputs
        given = [self._number(x) if isinstance(x, Literal) else env[x] for x in flat((wrt, captures))]
        inner = dict(zip(body.inputs, given))
        pulled = Pulled.of(body, body.inputs[: len(tuple(flat(wrt)))])
        self._forward(body, [(e, FORWARD) for e in body.equations], inner, {}, pulled)
        outputs = equation.flat_outputs
        for value, x in zip(outputs, body.outputs):
            env[value] = self._number(x) if isinstance(x, Literal) else inner[x]
        # What an update takes does not depend on the numbers of the gradients.
        env.update((value, self._noise(value)) for value in outputs[len(body.outputs) :])

    # ---- timing

    def _time(
        self,
        equation: Equation,
        phase: str,
        env: dict[Value, Native],
        graph: Graph,
        replaced: Mapping[Value, Value],
        pulled: Pulled | None,
    ) -> None:
        sources = self._sources(equation)
        if sources:
            alone = _joined([*sources, equation], graph)
        else:
            own = {x: graph.constants[x] for x in isolate.operands_of(equation) if x in graph.constants}
            alone = isolate.alone(equation, own, self.sizes, replaced)
        arrays = self._arrays(alone, env)
        kind = ("alone", len(sources), alone.graph.state, alone.order, *map(id, alone.graph.constants.values()))
        timed = self._prepared(equation, alone, arrays, kind)
        found = timed.program.outputs()
        env.update(zip(equation.flat_outputs, (found[i] for i in alone.order)))
        part = Part(timed, self._empty_call(len(arrays)), [self._part[e] for e in sources])
        self._part[equation] = part
        self._parts.append((part, equation, self.counter.row(equation, phase)))
        if pulled is not None and equation in pulled.through:
            self._pull(equation, env, part, pulled)

    def _pull(self, equation: Equation, env: Mapping[Value, Native], forward: Part, pulled: Pulled) -> None:
        """Times the backward pass of an equation together with its forward pass."""
        active = [x for x in isolate.operands_of(equation) if x in pulled.active]
        both = isolate.with_gradient(equation, active, self.sizes)
        floats = [y for y in equation.flat_outputs if y.dtype.is_float]
        arrays = [*self._arrays(both, env), *map(self._noise, floats)]
        kind = ("gradient", *(x in pulled.active for x in isolate.operands_of(equation)))
        timed = self._prepared(equation, both, arrays, kind)
        part = Part(timed, self._empty_call(len(arrays)), [forward, self._cotangents(floats)])
        self._parts.append((part, equation, self.counter.backward_of(equation, active)))

    def _sources(self, equation: Equation) -> list[Equation]:
        """The equations that must run again before this one can: those that gave it a tape, which serves once."""
        found: dict[Equation, None] = {}
        for x in isolate.operands_of(equation):
            if x in self._source:
                found.update(dict.fromkeys([*self._sources(self._source[x]), self._source[x]]))
        return list(found)

    def _row(self, part: Part, equation: Equation, cost: Cost) -> Row:
        return Row(
            scope=cost.scope,
            op=cost.op,
            phase=cost.phase,
            shape=cost.shape,
            line=equation.line,
            way=self._way(equation),
            seconds=part.net,
            overhead=part.empty.seconds,
            flops=cost.flops if self.counter.knows(equation) else None,
            read=cost.read,
            written=cost.written,
        )

    # ---- programs

    def _prepared(
        self, equation: Equation, isolated: Isolated, arrays: Sequence[Native], kind: tuple[Any, ...]
    ) -> Timed:
        """The program of an equation, run to warm up; equal equations without state share what was compiled."""
        attributes = tuple(equation.attributes.items())
        key = (equation.op.name, isolate.signature(equation), attributes, self._way(equation), kind)
        executable = self._compiled.get(key)
        if executable is None:
            options = replace(self.options, variants=((equation.op.name, self._way(equation) or "usual"),))
            executable = self.adapter.compile(isolated.graph, options)
            if not isolated.graph.state and not self._sources(equation):
                self._compiled[key] = executable
        return self._warm(Program(executable, arrays))

    def _warm(self, program: Program) -> Timed:
        timed = Timed(program)
        program()
        timed.run(self.clock)
        timed.times.clear()
        self._timed.append(timed)
        return timed

    def _empty_call(self, arguments: int) -> Timed:
        if arguments not in self._empty:
            self._empty[arguments] = self._warm(empty_program(self.adapter, arguments))
        return self._empty[arguments]

    def _cotangents(self, outputs: Sequence[Value]) -> Part:
        """The multiplication of outputs with cotangents, and its gradient: what the measurement itself adds."""
        key = tuple(Spec(rules.shape_of(y, self.sizes), y.dtype) for y in outputs)
        if key not in self._cotangent:
            executable = self.adapter.compile(_weighted(key), self.options)
            timed = self._warm(Program(executable, [self._noise(y) for y in (*outputs, *outputs)]))
            self._cotangent[key] = Part(timed, self._empty_call(2 * len(outputs)), [])
        return self._cotangent[key]

    # ---- arrays

    def _arrays(self, isolated: Isolated, env: Mapping[Value, Native]) -> list[Native]:
        carriers = isolate.carried(isolated, self.sizes)
        return [env[x] for x in isolated.operands] + [self.adapter.from_numpy(a) for a in carriers]

    def _number(self, x: Literal) -> Native:
        return self.adapter.from_numpy(np.asarray(x.value, x.dtype.numpy))

    def _noise(self, value: Value) -> Native:
        array = self._random.standard_normal(rules.shape_of(value, self.sizes)) * 1e-2
        return self.adapter.from_numpy(np.asarray(array).astype(value.dtype.numpy))

    def _way(self, equation: Equation) -> str:
        return next((self.variants[y] for y in equation.flat_outputs if y in self.variants), "")


@dataclass(frozen=True, eq=False)
class Part:
    """A program less what is not its own.

    Attributes:
        timed: The program.
        empty: A call with as many arguments that computes nothing.
        within: What the program does besides.
    """

    timed: Timed
    empty: Timed
    within: Sequence[Part]

    @property
    def net(self) -> float:
        """Seconds of what is its own."""
        return max(self.timed.seconds - self.empty.seconds - sum(part.net for part in self.within), 0.0)


@dataclass(frozen=True)
class Pulled:
    """What of a graph a gradient goes through.

    Attributes:
        active: The values that depend on what is differentiated.
        through: The equations between these and the scalar.
    """

    active: Collection[Value]
    through: Collection[Equation]

    @staticmethod
    def of(body: Graph, wrt: Sequence[Value]) -> Pulled:
        """For the gradient of the first output."""
        active = set(wrt)
        for equation in body.equations:
            if equation.op.name != "stop_gradient" and any(x in active for x in equation.flat_inputs):
                active.update(y for y in equation.flat_outputs if y.dtype.is_float)
        needed: set[Any] = {body.outputs[0]}
        through = set()
        for equation in reversed(body.equations):
            if any(y in needed and y in active for y in equation.flat_outputs):
                through.add(equation)
                needed.update(x for x in equation.flat_inputs if x in active)
        return Pulled(active, through)


def _joined(equations: Sequence[Equation], graph: Graph) -> Isolated:
    """The graph of several equations, with the outputs of the last."""
    made = {y for e in equations for y in e.flat_outputs}
    needed = dict.fromkeys(x for e in equations for x in isolate.operands_of(e) if x not in made)
    constants = {x: graph.constants[x] for x in needed if x in graph.constants}
    operands = tuple(x for x in needed if x not in constants)
    outputs = tuple(equations[-1].flat_outputs)
    joined = Graph(equations[-1].op.name, operands, tuple(equations), outputs, constants=constants)
    return Isolated(joined, operands, tuple(range(len(outputs))))


def _weighted(specs: Sequence[Spec]) -> Graph:
    """The gradient of the sum of arrays times cotangents, for these arrays."""
    count = len(specs)

    def differentiated(*arrays: Any) -> Any:
        def total(*leaves: Any) -> Any:
            terms = [ops.cast(ops.sum(x * g), "float32") for x, g in zip(leaves, arrays[count:])]
            return sum(terms[1:], terms[0])

        return ops.value_and_grad(total, argnums=tuple(range(count)))(*arrays[:count])[1]

    return trace(differentiated, *specs, *specs, name="cotangents").graph

"""The equations of a compiled graph, each timed alone on its backend on the arrays that it gets in the whole.

Each is compiled as it stands in the prepared graph: after the adapter's passes, composites native where the adapter
keeps them, in the way that was chosen for it. Where the adapter has written the gradient out, its equations are timed
as any other; one that needs a tape which another left, and which serves once, is timed together with that one, less
what that one takes alone. Where the framework differentiates by itself, the backward pass of an equation is what its
outputs together with its gradients take, less what its outputs alone take, less the multiplication with a cotangent
that the measurement adds. From every call what an empty one takes is taken off.
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
from multiback.profiling.costs import BACKWARD, FORWARD, GRADIENT, Cost, Counter, phases
from multiback.profiling.timing import Overhead, Program
from multiback.testing import isolate
from multiback.testing.isolate import Isolated

_BY_DATA = frozenset(("cond", "while_loop"))
"""Ops whose time depends on the numbers they get: never taken to last as long as another equation did."""


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
        self.empty = Overhead(self.adapter, rounds, clock)
        self.rows: list[Row] = []
        self._compiled: dict[Any, tuple[Executable, float]] = {}
        self._net: dict[Equation, float] = {}
        self._source: dict[Value, Equation] = {}
        self._random = np.random.default_rng(0)

    def run(self, arrays: Sequence[Native]) -> list[Row]:
        """Times all equations on arrays for the graph's inputs."""
        graph = self.graph
        env = dict(zip(graph.inputs, arrays))
        replaced = {graph.inputs[i]: new for i, new in zip(graph.updates, graph.outputs) if isinstance(new, Value)}
        self._forward(graph, phases(graph), env, replaced)
        return self.rows

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
            alone, taken = _joined([*sources, equation], graph), sum(self._net[e] for e in sources)
        else:
            own = {x: graph.constants[x] for x in isolate.operands_of(equation) if x in graph.constants}
            alone, taken = isolate.alone(equation, own, self.sizes, replaced), 0.0
        arrays = self._arrays(alone, env)
        kind = ("alone", len(sources), alone.graph.state, alone.order, *map(id, alone.graph.constants.values()))
        program, seconds = self._measured(equation, alone, arrays, kind)
        found = program.outputs()
        env.update(zip(equation.flat_outputs, (found[i] for i in alone.order)))
        overhead = self.empty.of(len(arrays))
        self._net[equation] = net = max(seconds - overhead - taken, 0.0)
        self._add(equation, phase, net, overhead, self.counter.row(equation, phase))
        if pulled is not None and equation in pulled.through:
            self._pull(equation, env, net, pulled)

    def _pull(self, equation: Equation, env: Mapping[Value, Native], forward: float, pulled: Pulled) -> None:
        """Times the backward pass of an equation, whose forward pass takes so long."""
        active = [x for x in isolate.operands_of(equation) if x in pulled.active]
        both = isolate.with_gradient(equation, active, self.sizes)
        floats = [y for y in equation.flat_outputs if y.dtype.is_float]
        arrays = [*self._arrays(both, env), *map(self._noise, floats)]
        kind = ("gradient", *(x in pulled.active for x in isolate.operands_of(equation)))
        _, seconds = self._measured(equation, both, arrays, kind)
        overhead = self.empty.of(len(arrays))
        net = seconds - overhead - forward - self._cotangent_seconds(floats)
        self._add(equation, BACKWARD, net, overhead, self.counter.backward_of(equation, active))

    def _sources(self, equation: Equation) -> list[Equation]:
        """The equations that must run again before this one can: those that gave it a tape, which serves once."""
        found: dict[Equation, None] = {}
        for x in isolate.operands_of(equation):
            if x in self._source:
                found.update(dict.fromkeys([*self._sources(self._source[x]), self._source[x]]))
        return list(found)

    def _add(self, equation: Equation, phase: str, seconds: float, overhead: float, cost: Cost) -> None:
        self.rows.append(
            Row(
                scope=cost.scope,
                op=cost.op,
                phase=phase,
                shape=cost.shape,
                line=equation.line,
                way=self._way(equation),
                seconds=max(seconds, 0.0),
                overhead=overhead,
                flops=cost.flops if self.counter.knows(equation) else None,
                read=cost.read,
                written=cost.written,
            )
        )

    def _measured(
        self, equation: Equation, isolated: Isolated, arrays: Sequence[Native], kind: tuple[Any, ...]
    ) -> tuple[Program, float]:
        """The program of an equation after a run, and how long a run takes; equal equations are timed once."""
        attributes = tuple(equation.attributes.items())
        key = (equation.op.name, isolate.signature(equation), attributes, self._way(equation), kind)
        known = self._compiled.get(key)
        if known is None:
            options = replace(self.options, variants=((equation.op.name, self._way(equation) or "usual"),))
            executable = self.adapter.compile(isolated.graph, options)
            program = Program(executable, arrays)
            known = executable, program.seconds(self.rounds, self.clock)
            if equation.op.name not in _BY_DATA and not any(x in self._source for x in equation.flat_inputs):
                self._compiled[key] = known
        else:
            program = Program(known[0], arrays)
            program()
        return program, known[1]

    def _cotangent_seconds(self, outputs: Sequence[Value]) -> float:
        """What it takes to multiply outputs with cotangents and to differentiate that: the measurement's own part."""
        specs = [Spec(rules.shape_of(y, self.sizes), y.dtype) for y in outputs]
        key = ("cotangents", tuple(specs))
        if key not in self._compiled:
            executable = self.adapter.compile(_weighted(specs), self.options)
            arrays = [self._noise(y) for y in (*outputs, *outputs)]
            self._compiled[key] = executable, Program(executable, arrays).seconds(self.rounds, self.clock)
        return max(self._compiled[key][1] - self.empty.of(2 * len(outputs)), 0.0)

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

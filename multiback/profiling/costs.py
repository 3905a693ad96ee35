"""What a graph costs by count: floating-point operations, bytes read and written, and the bytes that live at once.

Nothing is run. Every equation is counted by the table in `rules`: a composite by its body, `scan` as its body times its
steps, `cond` as the dearer of its branches. A gradient is written out as equations by the vjp of each op, and those
that nothing needs and those that are there already are dropped before they are counted: a backward pass is counted,
not taken for twice the forward one. What the gradient of `scan` computes again, because graphs keep nothing of its
steps, does not count: frameworks keep it. The number of steps of `while_loop` is not known: its condition counts once,
and the total is marked as a lower bound.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from multiback.errors import ArgumentError
from multiback.graph import dims, gradient, passes
from multiback.graph.ir import Equation, Graph, Literal, Spec, Value, flat
from multiback.graph.trace import body_of, trace
from multiback.profiling import rules
from multiback.profiling.live import is_view, peak_bytes
from multiback.profiling.rules import Sizes, bytes_of

GRADIENT = "value_and_grad"
FORWARD, BACKWARD, UPDATE = "forward", "backward", "update"
PHASES = (FORWARD, BACKWARD, UPDATE)
_ROWS_ONLY = ("getitem", "take", "take_along_axis")


@dataclass(frozen=True)
class Cost:
    """What one equation costs.

    Attributes:
        op: The name of its op.
        scope: The path of the layer it belongs to; "" if to none.
        line: The user's line that led to it.
        phase: "forward", "backward", or "update": what a step does besides its gradient.
        shape: Of its first output, as in `f32[32, 10]`.
        flops: Floating-point operations.
        read: Bytes of its operands.
        written: Bytes of its outputs.
        exact: False where `flops` is a lower bound.
    """

    op: str
    scope: str
    line: str
    phase: str
    shape: str
    flops: int
    read: int
    written: int
    exact: bool = True


@dataclass(frozen=True)
class Costs:
    """What a graph costs, equation by equation.

    Attributes:
        rows: One for each equation, those of a gradient one by one.
        peak: The most bytes of intermediate values that are needed at once.
        state: Bytes of the state: weights, statistics, slots, counters.
        parameters: Elements that a gradient is taken for; of all floats in the state where there is no gradient.
    """

    rows: tuple[Cost, ...]
    peak: int
    state: int
    parameters: int

    @property
    def flops(self) -> int:
        """All floating-point operations."""
        return sum(row.flops for row in self.rows)

    @property
    def exact(self) -> bool:
        """Whether `flops` is more than a lower bound."""
        return all(row.exact for row in self.rows)

    @property
    def read(self) -> int:
        """Bytes read, each operand of each equation once."""
        return sum(row.read for row in self.rows)

    @property
    def written(self) -> int:
        """Bytes written, each output of each equation once."""
        return sum(row.written for row in self.rows)

    def of_phase(self, phase: str) -> int:
        """The floating-point operations of "forward", "backward" or "update"."""
        return sum(row.flops for row in self.rows if row.phase == phase)

    def within(self, scope: str) -> tuple[Cost, ...]:
        """The equations of a layer, those of the layers inside it included."""
        return tuple(row for row in self.rows if f"{row.scope}/".startswith(f"{scope}/"))


def flops(graph: Graph, sizes: Sizes | None = None) -> int:
    """The floating-point operations of a graph, a multiplication with an addition as two.

    Arguments:
        graph: As traced or as an adapter prepared it.
        sizes: Its named sizes, such as `{"batch": 32}`.

    Raises:
        ArgumentError: if a named size is missing.

    Example:
        >>> flops(trace(ops.matmul, Spec((2, 3), float32), Spec((3, 4), float32)).graph)
        48
    """
    return costs(graph, sizes).flops


def costs(graph: Graph, sizes: Sizes | None = None) -> Costs:
    """The costs of a graph, equation by equation.

    Arguments:
        graph: As traced or as an adapter prepared it.
        sizes: Its named sizes, such as `{"batch": 32}`.

    Raises:
        ArgumentError: if a named size is missing.

    Example:
        >>> [row.op for row in costs(graph, {"batch": 32}).rows]
    """
    sizes = dict(sizes or {})
    if missing := [name for name in graph.dim_names() if name not in sizes]:
        named = ", ".join(f"{name!r}: ..." for name in missing)
        raise ArgumentError(f"The graph {graph.name!r} has sizes that are not known: give sizes={{{named}}}.")
    counter = Counter(sizes)
    rows = [row for e, phase in phases(graph) for row in counter.rows(e, phase)]
    trains = any(e.op.name == GRADIENT for e in graph.equations)
    state = graph.inputs[: graph.state]
    wrt = [x for e in graph.equations if e.op.name == GRADIENT for x in flat(e.inputs[0])]
    weights = dict.fromkeys(wrt) if wrt else [v for v in state if v.dtype.is_float]
    return Costs(
        tuple(rows),
        peak_bytes(passes.dead_code(gradient.expand_gradients(graph)) if trains else graph, sizes),
        sum(bytes_of(v, sizes) for v in state),
        sum(rules.elements_of(v, sizes) for v in weights),
    )


def phases(graph: Graph) -> list[tuple[Equation, str]]:
    """Each equation of a graph with its phase.

    What has a prime on its scope is "backward". What comes before the first of these, or is needed by a later one, is
    "forward", the updates of optimizers excepted; all else in a graph that has a gradient is "update".
    """
    backward = [is_backward(e) for e in graph.equations]
    trains = any(backward) or any(e.op.name == GRADIENT for e in graph.equations)
    first = backward.index(True) if any(backward) else 0 if trains else len(backward)
    needed: set[Any] = set()
    found = []
    for i in range(len(backward) - 1, -1, -1):
        equation = graph.equations[i]
        wanted = any(y in needed for y in equation.flat_outputs) and not equation.op.name.endswith("_update")
        phase = BACKWARD if backward[i] else FORWARD if i < first or wanted else UPDATE
        if phase != UPDATE:
            needed.update(equation.flat_inputs)
        found.append((equation, phase))
    return found[::-1]


def is_backward(equation: Equation) -> bool:
    """Whether an equation belongs to the backward pass of another."""
    return "'" in equation.scope


@dataclass(frozen=True)
class _Sum:
    """Operations and bytes of several equations."""

    flops: int = 0
    read: int = 0
    written: int = 0
    exact: bool = True

    def __add__(self, other: _Sum) -> _Sum:
        return _Sum(
            self.flops + other.flops,
            self.read + other.read,
            self.written + other.written,
            self.exact and other.exact,
        )

    def __mul__(self, times: int) -> _Sum:
        return _Sum(self.flops * times, self.read * times, self.written * times, self.exact)


class Counter:
    """Counts equations for given sizes; bodies that occur again are counted once.

    Arguments:
        sizes: The named sizes.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self._bodies: dict[int, tuple[Graph, _Sum]] = {}
        self._again: set[Value] = set()

    def rows(self, equation: Equation, phase: str = FORWARD) -> list[Cost]:
        """The costs of an equation; a gradient gives those of its equations."""
        if equation.op.name == GRADIENT:
            forward, backward = self._differentiated(equation)
            rows = [row for e in forward for row in self.rows(e, FORWARD)]
            return rows + [row for e in backward for row in self.rows(e, BACKWARD)]
        return [self.row(equation, phase)]

    def row(self, equation: Equation, phase: str = FORWARD) -> Cost:
        """The costs of an equation as one row."""
        found = self.sum_of(equation)
        first = next(iter(equation.flat_outputs), None)
        shape = "" if first is None else str(Spec(rules.shape_of(first, self.sizes), first.dtype))
        return Cost(
            equation.op.name,
            equation.scope.replace("'", ""),
            equation.line,
            phase,
            shape,
            found.flops,
            found.read,
            found.written,
            found.exact,
        )

    def sum_of(self, equation: Equation) -> _Sum:
        """What one equation takes, sub-graphs included."""
        name, attributes = equation.op.name, equation.attributes
        if name == GRADIENT:
            forward, backward = self._differentiated(equation)
            return self._total([*forward, *backward])
        if name == "scan":
            return self._of(attributes["body"]) * dims.evaluate(attributes["length"], self.sizes)
        if name == "cond":
            return max(map(self._of, (attributes["true_graph"], attributes["false_graph"])), key=lambda s: s.flops)
        if name == "while_loop":
            return replace(self._of(attributes["condition"]), exact=False)
        read, written = self._traffic(equation)
        counted = rules.by_rule(equation, self.sizes)
        if counted is not None:
            return _Sum(counted, read, written)
        if not self.knows(equation):
            # A kernel of one adapter: what it computes only the adapter knows.
            return _Sum(0, read, written, exact=False)
        known = {n: attributes[n] for n in equation.op.attributes}
        body = body_of(equation.op, {**dict(zip(equation.op.operands, equation.inputs)), **known}).graph
        return replace(self._of(body), read=read, written=written)

    def backward_of(self, equation: Equation, active: Collection[Value]) -> Cost:
        """What the gradient of one equation takes for those of its operands that are active."""
        operands = tuple(dict.fromkeys(x for x in equation.flat_inputs if isinstance(x, Value)))
        outputs = equation.flat_outputs
        body = Graph(equation.op.name, operands, (equation,), tuple(outputs))
        wrt = [i for i, x in enumerate(operands) if x in active]
        added, again = _added(body, wrt, [y.spec if y.dtype.is_float else None for y in outputs])
        self._again |= again
        found = self._total(added)
        forward = self.row(equation, BACKWARD)
        return replace(forward, flops=found.flops, read=found.read, written=found.written, exact=found.exact)

    def knows(self, equation: Equation) -> bool:
        """Whether the floating-point operations of an equation can be told: not those of an adapter's own kernel."""
        return bool(equation.op.composite or equation.graphs or equation.op.name in rules.RULES)

    def _differentiated(self, equation: Equation) -> tuple[list[Equation], list[Equation]]:
        forward, backward, again = differentiated(equation)
        self._again |= again
        return forward, [e for e in backward if again.isdisjoint(e.flat_outputs)]

    def _of(self, graph: Graph) -> _Sum:
        if id(graph) not in self._bodies:
            # The graph is kept, so that its identity stays its own.
            self._bodies[id(graph)] = graph, self._total(passes.optimize(graph).equations)
        return self._bodies[id(graph)][1]

    def _total(self, equations: Iterable[Equation]) -> _Sum:
        return sum((self.sum_of(e) for e in equations if self._again.isdisjoint(e.flat_outputs)), _Sum())

    def _traffic(self, equation: Equation) -> tuple[int, int]:
        if is_view(equation):
            return 0, 0
        written = sum(bytes_of(y, self.sizes) for y in equation.flat_outputs)
        operands = list(dict.fromkeys(x for x in equation.flat_inputs if isinstance(x, Value)))
        if equation.op.name in _ROWS_ONLY:
            return written + sum(bytes_of(x, self.sizes) for x in operands[1:]), written
        return sum(bytes_of(x, self.sizes) for x in operands), written


def differentiated(equation: Equation) -> tuple[list[Equation], list[Equation], set[Value]]:
    """The equations of a `value_and_grad`: those of its body, those that its gradient adds, and what these do again."""
    body: Graph = equation.attributes["body"]
    wrt = equation.inputs[0]
    seeds = [Literal(1.0, body.outputs[0].dtype), *([None] * (len(body.outputs) - 1))]
    added, again = _added(body, range(len(tuple(flat(wrt)))), seeds)
    return list(passes.dead_code(body).equations), [e.replace(line=equation.line) for e in added], again


def _added(
    body: Graph, wrt: Sequence[int], seeds: Sequence[Literal | Spec | None]
) -> tuple[list[Equation], set[Value]]:
    """The equations that a gradient adds to a graph's own, and what they do again.

    It is written out by the vjp of each op, and simplified as adapters do. The cotangent of an output is a number, an
    array that is given, or there is none.
    """
    body = _unprimed(body)
    specs = [x.spec for x in body.inputs]
    given = [s for s in seeds if isinstance(s, Spec)]

    def both(*operands: Any) -> Any:
        arrays = iter(operands[len(specs) :])
        cotangents = [next(arrays) if isinstance(s, Spec) else s for s in seeds]
        outputs, gradients = gradient.vjp(body, operands[: len(specs)], wrt, cotangents)
        return tuple(outputs), tuple(gradients)

    whole = trace(both, *specs, *given).graph
    again = _done_again([e for e in whole.equations if is_backward(e)])
    return [e for e in passes.optimize(whole).equations if is_backward(e)], again


def _unprimed(body: Graph) -> Graph:
    """A graph without gradients as equations, none of which counts as the backward pass of another."""
    if any(e.op.name == GRADIENT for e in body.equations):
        body = gradient.expand_gradients(body)
    return body.replace(equations=tuple(e.replace(scope=e.scope.replace("'", "")) for e in body.equations))


def _done_again(equations: Sequence[Equation]) -> set[Value]:
    """What the gradient of `scan` computes a second time, where a framework keeps it from the forward pass.

    It first runs all steps again to record the carry before each: a scan that puts out its own carries. Then it goes
    back over these, and in each step runs the body, as many equations as the first scan has, before what it adds.
    """
    again: set[Value] = set()
    recorded: dict[Value, int] = {}
    for equation in equations:
        if equation.op.name != "scan":
            continue
        body: Graph = equation.attributes["body"]
        init, xs, _ = equation.inputs
        carries = len(init)  # type: ignore[arg-type]
        if carries and body.outputs[carries:] == body.inputs[:carries]:
            again.update(equation.flat_outputs)
            recorded.update(dict.fromkeys(equation.flat_outputs[carries:], len(body.equations)))
        elif count := max((recorded.get(x, 0) for x in flat(xs)), default=0):  # type: ignore[call-overload]
            again.update(y for e in body.equations[:count] for y in e.flat_outputs)
            again |= _done_again(body.equations[count:])
    return again

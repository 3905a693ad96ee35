"""How many bytes of intermediate values a graph needs at once, when each is freed after its last use.

What only looks at other values (reshaping, broadcasting, transposing) takes no bytes of its own and keeps what it looks
at alive. Inputs, state and constants are not intermediate. A compiled backend may need less, where it fuses equations,
or more, for the workspace of its kernels.
"""

from __future__ import annotations

from multiback.graph.ir import Equation, Graph, Value
from multiback.graph.trace import body_of
from multiback.profiling.rules import Sizes, bytes_of

_VIEWS = frozenset(("reshape", "transpose", "broadcast_to", "stop_gradient"))


def is_view(equation: Equation) -> bool:
    """Whether an equation gives its operand another shape, or nothing else than its operand."""
    name = equation.op.name
    if name in _VIEWS:
        return True
    if name == "cast":
        return equation.flat_inputs[0].dtype == equation.flat_outputs[0].dtype
    if not equation.op.composite or len(equation.flat_outputs) != 1 or len(equation.flat_inputs) != 1:
        return False
    known = {n: equation.attributes[n] for n in equation.op.attributes}
    call = {**dict(zip(equation.op.operands, equation.inputs)), **known}
    return all(map(is_view, body_of(equation.op, call).graph.equations))


def peak_bytes(graph: Graph, sizes: Sizes) -> int:
    """The most bytes of intermediate values that live at once, in the order of the equations."""
    given = {*graph.inputs, *graph.constants}
    source: dict[Value, Value] = {}

    def root(x: Value) -> Value:
        while x in source:
            x = source[x]
        return x

    last: dict[Value, int] = {}
    for i, equation in enumerate(graph.equations):
        operands = [x for x in equation.flat_inputs if isinstance(x, Value)]
        if operands and is_view(equation):
            source[equation.flat_outputs[0]] = operands[0]
        for x in [*operands, *equation.flat_outputs]:
            last[root(x)] = i
    last.update((root(x), len(graph.equations)) for x in graph.outputs if isinstance(x, Value))
    ends: dict[int, list[Value]] = {}
    for x, i in last.items():
        ends.setdefault(i, []).append(x)
    live = peak = 0
    for i, equation in enumerate(graph.equations):
        live += sum(bytes_of(y, sizes) for y in equation.flat_outputs if y not in source)
        inside = max((peak_bytes(inner, sizes) for inner in equation.graphs.values()), default=0)
        peak = max(peak, live + inside)
        live -= sum(bytes_of(x, sizes) for x in ends.get(i, ()) if x not in given)
    return peak

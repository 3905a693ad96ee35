"""What nobody uses is not computed: equations, and what sub-graphs take in and hand out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from multiback.graph.ir import Equation, Graph, Value


def dead_code(graph: Graph) -> Graph:
    """Drops equations whose outputs nobody uses, unused outputs of sub-graphs, and operands that these do not need."""
    needed = {x for x in graph.outputs if isinstance(x, Value)}
    kept = []
    for equation in reversed(graph.equations):
        outputs = equation.flat_outputs
        if not any(v in needed for v in outputs):
            continue
        narrow = _NARROW.get(equation.op.name) if equation.graphs else None
        if narrow is not None:
            equation = narrow(equation, needed)
        kept.append(equation)
        needed.update(x for x in equation.flat_inputs if isinstance(x, Value))
    if len(kept) == len(graph.equations) and all(a is b for a, b in zip(reversed(kept), graph.equations)):
        return graph
    constants = {v: a for v, a in graph.constants.items() if v in needed}
    return graph.replace(equations=tuple(reversed(kept)), constants=constants)


def _narrow_gradient(equation: Equation, needed: set[Value]) -> Equation:
    """Outputs of the body that nobody uses, but for the scalar; gradients that nobody uses become captures."""
    operands: Any = equation.inputs
    results: Any = equation.outputs
    (wrt, captures), (outputs, gradients) = operands, results
    body = equation.attributes["body"]
    kept = [0, *(i for i in range(1, len(outputs)) if outputs[i] in needed)]
    wanted = [i for i in range(len(wrt)) if gradients[i] in needed] or [0]
    others = [i for i in range(len(wrt)) if i not in set(wanted)]
    inner = dead_code(body.replace(outputs=_pick(body.outputs, kept)))
    read = _read(inner)
    places = [*others, *range(len(wrt), len(body.inputs))]
    places = [i for i in places if body.inputs[i] in read]
    all_operands = [*wrt, *captures]
    inner = inner.replace(inputs=_pick(body.inputs, [*wanted, *places]))
    if len(inner.inputs) == len(body.inputs) and len(kept) == len(outputs) and not others and inner is body:
        return equation
    return equation.replace(
        inputs=(_pick(wrt, wanted), _pick(all_operands, places)),
        outputs=(_pick(outputs, kept), _pick(gradients, wanted)),
        attributes={**equation.attributes, "body": inner},
    )


def _narrow_cond(equation: Equation, needed: set[Value]) -> Equation:
    inputs: Any = equation.inputs
    predicate, operands = inputs
    outputs: Any = equation.outputs
    kept = [i for i, v in enumerate(outputs) if v in needed]
    graphs = {k: dead_code(g.replace(outputs=_pick(g.outputs, kept))) for k, g in equation.graphs.items()}
    places = _places(len(operands), graphs.values())
    return equation.replace(
        inputs=(predicate, _pick(operands, places)),
        outputs=_pick(outputs, kept),
        attributes={**equation.attributes, **{k: _with_inputs(g, places) for k, g in graphs.items()}},
    )


def _narrow_scan(equation: Equation, needed: set[Value]) -> Equation:
    operands: Any = equation.inputs
    results: Any = equation.outputs
    (init, xs, captures), (last, stacked) = operands, results
    body, n = equation.attributes["body"], len(init)
    rows = [i for i, v in enumerate(stacked) if v in needed]
    carried = {i for i, v in enumerate(last) if v in needed}
    inner, carry = _live_carry(body, n, carried, [n + i for i in rows])
    places = _places(len(body.inputs), [inner])
    taken = [i for i in places if n <= i < n + len(xs)] or ([n] if xs else [])
    rest = [i for i in places if i >= n + len(xs)]
    return equation.replace(
        inputs=(
            _pick(init, carry),
            _pick(xs, [i - n for i in taken]),
            _pick(captures, [i - n - len(xs) for i in rest]),
        ),
        outputs=(_pick(last, carry), _pick(stacked, rows)),
        attributes={**equation.attributes, "body": _with_inputs(inner, [*carry, *taken, *rest])},
    )


def _narrow_while(equation: Equation, needed: set[Value]) -> Equation:
    operands: Any = equation.inputs
    init, captures = operands
    outputs: Any = equation.outputs
    body, condition, n = equation.attributes["body"], equation.attributes["condition"], len(init)
    asked = {i for i in range(n) if condition.inputs[i] in _read(condition)}
    inner, carry = _live_carry(body, n, asked | {i for i, v in enumerate(outputs) if v in needed}, [])
    rest = [i for i in _places(len(body.inputs), [inner, condition]) if i >= n]
    return equation.replace(
        inputs=(_pick(init, carry), _pick(captures, [i - n for i in rest])),
        outputs=_pick(outputs, carry),
        attributes={
            **equation.attributes,
            "body": _with_inputs(inner, [*carry, *rest]),
            "condition": _with_inputs(condition, [*carry, *rest]),
        },
    )


def _live_carry(body: Graph, n: int, live: set[int], others: list[int]) -> tuple[Graph, list[int]]:
    """The body with the outputs that are needed, and which of its first `n` inputs and outputs these are."""
    while True:
        carry = sorted(live)
        inner = dead_code(body.replace(outputs=_pick(body.outputs, [*carry, *others])))
        read = _read(inner)
        more = {i for i in range(n) if body.inputs[i] in read} - live
        if not more:
            return inner, carry
        live = live | more


def _read(graph: Graph) -> set[Any]:
    return {x for e in graph.equations for x in e.flat_inputs} | set(graph.outputs)


def _places(count: int, graphs: Iterable[Graph]) -> list[int]:
    """The inputs that any of these graphs reads."""
    pairs = [(g.inputs, _read(g)) for g in graphs]
    return [i for i in range(count) if any(inputs[i] in read for inputs, read in pairs)]


def _with_inputs(graph: Graph, places: Sequence[int]) -> Graph:
    return graph.replace(inputs=_pick(graph.inputs, places))


def _pick(items: Any, places: Iterable[int]) -> tuple[Any, ...]:
    return tuple(items[i] for i in places)


_NARROW = {
    "value_and_grad": _narrow_gradient,
    "cond": _narrow_cond,
    "scan": _narrow_scan,
    "while_loop": _narrow_while,
}

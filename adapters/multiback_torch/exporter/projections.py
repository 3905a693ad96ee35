"""Sums of products with a weight of more than two axes as products of matrices, which nn.Linear holds.

einsum("abc,cde->abde", x, w)  ->  (x @ w.reshape(c, d * e)).reshape(a, b, d, e)
einsum("abcd,cde->abe", x, w)  ->  x.reshape(a, b, c * d) @ w.reshape(c * d, e)
"""

from __future__ import annotations

from typing import Any

from multiback.graph.dims import Dim, product
from multiback.graph.ir import Equation, Graph, Value
from multiback.graph.op import OPS
from multiback.graph.passes.rewriting import Sweep, rewrite


def project(graph: Graph) -> Graph:
    """The graph with these sums as products of matrices."""
    if not any(e.op.name == "einsum" for e in graph.equations):
        return graph
    weights = set(graph.inputs[: graph.state])

    def rule(equation: Equation, sweep: Sweep) -> Any:
        return _projected(equation, sweep, weights)

    return rewrite(graph, [{"einsum": rule}])


def _projected(equation: Equation, sweep: Sweep, weights: set[Value]) -> Equation | None:
    operands: Any = equation.inputs[0]
    out: Any = equation.outputs
    if len(operands) != 2 or operands[1] not in weights or not isinstance(operands[0], Value):
        return None
    x, w = operands
    terms, _, result = equation.attributes["subscripts"].replace(" ", "").partition("->")
    left, _, right = terms.partition(",")
    shared = "".join(c for c in right if c in left)
    new, kept = right[len(shared) :], left[: len(left) - len(shared)]
    plain = left == kept + shared and right == shared + new and result == kept + new
    if not (plain and shared and new and kept) or len(set(left + new)) != len(left + new) or "." in terms:
        return None
    if x.dtype != w.dtype or out.dtype != x.dtype or any(isinstance(n, Dim) for n in w.shape):
        return None
    inner, outer = (product(w.shape[: len(shared)]), product(w.shape[len(shared) :]))
    rows = x if len(shared) == 1 else _reshaped(x, (*x.shape[: len(kept)], inner), equation, sweep)
    matrix = w if w.ndim == 2 else _reshaped(w, (inner, outer), equation, sweep)
    if len(new) == 1:
        return equation.replace(op=OPS["matmul"], inputs=(rows, matrix), attributes={})
    flat = Value((*x.shape[: len(kept)], outer), out.dtype)
    sweep.add(equation.replace(op=OPS["matmul"], inputs=(rows, matrix), attributes={}, outputs=flat))
    return equation.replace(op=OPS["reshape"], inputs=(flat,), attributes={"newshape": out.shape})


def _reshaped(x: Value, shape: tuple[Any, ...], like: Equation, sweep: Sweep) -> Value:
    out = Value(shape, x.dtype)
    sweep.add(like.replace(op=OPS["reshape"], inputs=(x,), attributes={"newshape": shape}, outputs=out))
    return out

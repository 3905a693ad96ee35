"""Products of matrices."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback_onnx.importer.node import Node, array
from multiback_onnx.importer.registry import handler


@handler("MatMul")
def matmul(node: Node, a: Any, b: Any) -> Any:
    """Matrix product over the last two axes."""
    return ops.matmul(array(a), array(b))


@handler("Gemm")
def gemm(node: Node, a: Any, b: Any, c: Any = None) -> Any:
    """alpha * a b + beta * c, each matrix transposed where asked."""
    a, b = array(a), array(b)
    alpha, beta = node.get("alpha", 1.0), node.get("beta", 1.0)
    if node.get("transA", 0):
        a = ops.transpose(a, (1, 0))
    if node.get("transB", 0):
        b = ops.transpose(b, (1, 0))
    if c is not None and alpha == beta == 1.0 and tuple(c.shape) == (b.shape[1],):
        return ops.linear(a, b, array(c))
    result = ops.matmul(a, b)
    if alpha != 1.0:
        result = ops.multiply(result, alpha)
    if c is None or beta == 0.0:
        return result
    return ops.add(result, ops.multiply(array(c), beta) if beta != 1.0 else array(c))


@handler("Einsum")
def einsum(node: Node, *operands: Any) -> Any:
    """Sums of products over labelled axes."""
    return ops.einsum(node.attributes["equation"].replace(" ", ""), *map(array, operands))


@handler("Det")
def det(node: Node, x: Any) -> Any:
    """Determinants of matrices."""
    return ops.det(array(x))

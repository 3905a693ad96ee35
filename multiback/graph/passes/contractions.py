"""Einstein sums that are one matrix product.

    einsum("abc,cde->abde", x, k)   ->  reshape(matmul(x, reshape(k, (c, d e))), (a, b, d, e))
    einsum("abcd,cde->abe", x, k)   ->  matmul(reshape(x, (a, b, c d)), reshape(k, (c d, e)))

where the axes that are summed stand last in the first operand and first in the second. So layers that project on
several axes run as dense ones do.
"""

from __future__ import annotations

from typing import Any

from multiback.graph.dims import product
from multiback.graph.ir import Equation, Literal
from multiback.graph.op import OPS
from multiback.graph.passes.rewriting import Rule, Sweep


def _einsum(equation: Equation, sweep: Sweep) -> Any:
    (operands,) = equation.inputs
    terms, output = equation.attributes["subscripts"].split("->")
    if len(operands) != 2 or any(isinstance(x, Literal) for x in operands):  # type: ignore[arg-type, union-attr]
        return None
    x, k = operands  # type: ignore[misc]
    left, right = terms.split(",")
    summed = "".join(label for label in left if label in right and label not in output)
    kept, new = left[: len(left) - len(summed)], right[len(summed) :]
    if not (summed and kept and new and left.endswith(summed) and right.startswith(summed) and output == kept + new):
        return None
    inner = product(x.shape[len(kept) :])  # type: ignore[union-attr]
    columns = product(k.shape[len(summed) :])  # type: ignore[union-attr]
    if not isinstance(inner, int) or not isinstance(columns, int):
        return None
    shape = equation.flat_outputs[0].shape

    def as_product(x: Any, k: Any) -> Any:
        x = x if len(summed) == 1 else OPS["reshape"](x, (*x.shape[: len(kept)], inner))
        k = k if k.ndim == 2 else OPS["reshape"](k, (inner, columns))
        y = OPS["matmul"](x, k)
        return y if len(new) == 1 else OPS["reshape"](y, shape)

    return sweep.record(as_product, x, k, like=equation)


RULES: dict[str, Rule] = {"einsum": _einsum}

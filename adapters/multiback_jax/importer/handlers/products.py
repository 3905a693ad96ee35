"""Products of matrices: `dot_general` with any dimension numbers."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

from multiback import dtypes, ops
from multiback.errors import UnsupportedModel
from multiback_jax.importer.node import Handler, Node, as_value, cast, dtype_of, transpose


def _dot_general(node: Node, x: Any, y: Any, *rest: Any) -> Any:
    (contract_x, contract_y), (batch_x, batch_y) = node["dimension_numbers"]
    wide = node.dtype
    common = dtypes.promote(dtype_of(x), dtype_of(y))
    # A result wider than the operands is what is added up in; a narrower one is rounded to at the end.
    within = wide if wide.bits > common.bits or wide.kind != common.kind else common
    x, y = cast(as_value(x), within), cast(as_value(y), within)
    return cast(contracted(x, y, contract_x, contract_y, batch_x, batch_y), wide)


def contracted(
    x: Any,
    y: Any,
    contract_x: Sequence[int],
    contract_y: Sequence[int],
    batch_x: Sequence[int] = (),
    batch_y: Sequence[int] = (),
) -> Any:
    """Sums of products over pairs of axes: batch axes, then those left of x, then those left of y.

    A product that `ops.matmul` has, on transposed operands too, is recorded as such, others as `ops.einsum`.
    """
    contract_x, contract_y, batch_x, batch_y = map(tuple, (contract_x, contract_y, batch_x, batch_y))
    free_x = [a for a in range(x.ndim) if a not in (*contract_x, *batch_x)]
    free_y = [a for a in range(y.ndim) if a not in (*contract_y, *batch_y)]
    if not contract_x and not batch_x:
        return ops.multiply(ops.reshape(x, (*x.shape, *[1] * y.ndim)), y) if x.ndim and y.ndim else ops.multiply(x, y)
    if len(contract_x) == 1 and not batch_x and y.ndim == 2 and x.ndim >= 1:
        matrix = y if contract_y == (0,) else ops.transpose(y, (1, 0))
        return ops.matmul(transpose(x, (*free_x, *contract_x)), matrix)
    count = len(batch_x)
    in_front = batch_x == batch_y == tuple(range(count))
    if in_front and len(contract_x) == len(free_x) == len(free_y) == 1:
        return ops.matmul(
            transpose(x, (*batch_x, *free_x, *contract_x)), transpose(y, (*batch_y, *contract_y, *free_y))
        )
    letters = iter(string.ascii_letters)
    names_x = [next(letters) for _ in range(x.ndim)]
    names_y = [""] * y.ndim
    for a, b in (*zip(contract_x, contract_y), *zip(batch_x, batch_y)):
        names_y[b] = names_x[a]
    names_y = [name or next(letters) for name in names_y]
    result = [*(names_x[a] for a in (*batch_x, *free_x)), *(names_y[a] for a in free_y)]
    return ops.einsum(f"{''.join(names_x)},{''.join(names_y)}->{''.join(result)}", x, y)


def _ragged_dot(node: Node, x: Any, y: Any, sizes: Any) -> Any:
    """Rows in consecutive groups, each times the matrix of its group; rows beyond the groups are 0."""
    numbers = node["ragged_dot_dimension_numbers"]
    (contract_x, contract_y), (batch_x, batch_y) = numbers.dot_dimension_numbers
    plain = (tuple(contract_x), tuple(contract_y), tuple(batch_x), tuple(batch_y)) == ((1,), (1,), (), ())
    if not plain or tuple(numbers.lhs_ragged_dimensions) != (0,) or tuple(numbers.rhs_group_dimensions) != (0,):
        raise UnsupportedModel("ragged_dot_general with other dimension numbers than those of jax.lax.ragged_dot")
    ends = ops.cumsum(sizes, axis=0)
    rows = ops.expand_dims(ops.iota(x.shape[0]), 1)
    group = ops.logical_and(ops.less(rows, ends), ops.greater_equal(rows, ops.subtract(ends, sizes)))
    chosen = ops.cast(group, dtype_of(x))
    return cast(ops.einsum("ng,nk,gko->no", chosen, x, y), node.dtype)


HANDLERS: dict[str, Handler] = {"dot_general": _dot_general, "ragged_dot_general": _ragged_dot}

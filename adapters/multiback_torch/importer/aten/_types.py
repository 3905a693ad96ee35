"""How torch chooses the dtype of a result, and operands in the dtype chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.dtypes import DType
from multiback.graph.dims import Dim

_NUMBERS = bool | int | float | complex


def is_number(x: Any) -> bool:
    """Whether an operand is a Python number or a size, which gives way to tensors of its kind."""
    return isinstance(x, _NUMBERS | Dim)


def value(x: Any, dtype: DType | None = None) -> Any:
    """An operand as an array: numbers as scalars of `dtype`, or of torch's default for them; sizes as int64."""
    if isinstance(x, Dim):
        x = ops.dimension(x, dtypes.int64)
    elif isinstance(x, _NUMBERS):
        return ops.full((), x, dtype or number_dtype(x))
    elif isinstance(x, np.ndarray) and x.dtype == np.float64:
        # A captured float64 array would give way to other floats; as a value of the graph it keeps its dtype.
        x = ops.broadcast_to(x, x.shape)
    else:
        x = ops.convert_to_tensor(x)
    return x if dtype is None or x.dtype == dtype else cast(x, dtype)


def number_dtype(x: Any) -> DType:
    """What torch makes of a bare Python number."""
    if isinstance(x, bool):
        return dtypes.bool_
    if isinstance(x, int | Dim):
        return dtypes.int64
    return dtypes.complex64 if isinstance(x, complex) else dtypes.float32


def dtype_of(x: Any) -> DType:
    """The dtype of a tensor or number."""
    return number_dtype(x) if is_number(x) else dtypes.as_dtype(x.dtype)


def result_type(*operands: Any) -> DType:
    """The dtype in which torch computes on these operands.

    Tensors with axes decide; a tensor without axes counts only when it is of a higher kind (bool, integer, float,
    complex) than they are, and a Python number only when it is of a higher kind than all tensors.
    """
    found: DType | None = None
    for group in _groups(operands):
        lower = dtypes.promote(*group) if group else None
        if found is None or lower is None:
            found = found or lower
        elif found.kind == "b" or (lower.is_inexact and not found.is_complex and _higher(lower, found)):
            found = dtypes.promote(found, lower)
    assert found is not None
    return found


def _groups(operands: tuple[Any, ...]) -> tuple[list[DType], list[DType], list[DType]]:
    groups: tuple[list[DType], list[DType], list[DType]] = ([], [], [])
    for x in operands:
        groups[2 if is_number(x) else 0 if len(x.shape) else 1].append(dtype_of(x))
    return groups


def _higher(lower: DType, found: DType) -> bool:
    return not found.is_inexact or lower.is_complex


def as_float(dtype: DType) -> DType:
    """The dtype of a function of real numbers: torch's default float for integers and bools."""
    return dtype if dtype.is_inexact else dtypes.float32


def cast(x: Any, dtype: DType) -> Any:
    """An operand in a dtype, as torch converts it; Python numbers remain numbers, of that kind."""
    if isinstance(x, Dim):
        return value(x, dtype)
    if isinstance(x, _NUMBERS):
        return {"b": bool, "f": float, "c": complex}.get(dtype.kind, int)(x)
    x = value(x)
    if x.dtype == dtype:
        return x
    if x.dtype.is_complex and not dtype.is_complex and dtype.kind != "b":
        x = ops.real(x)
    return x if x.dtype == dtype else ops.cast(x, dtype)


def promoted(*operands: Any, to_float: bool = False) -> list[Any]:
    """The operands in the dtype in which torch computes on them; at least one of them becomes an array."""
    dtype = result_type(*operands)
    dtype = as_float(dtype) if to_float else dtype
    found = [cast(x, dtype) for x in operands]
    if all(is_number(x) for x in found):
        found[0] = value(found[0], dtype)
    return found


def add(a: Any, b: Any) -> Any:
    """A sum, which of bools is whether either holds."""
    return ops.logical_or(a, b) if dtype_of(a).kind == "b" else ops.add(a, b)


def multiply(a: Any, b: Any) -> Any:
    """A product, which of bools is whether both hold."""
    return ops.logical_and(a, b) if dtype_of(a).kind == "b" else ops.multiply(a, b)


def floating(x: Any) -> Any:
    """A tensor as floats, integers and bools in torch's default float dtype."""
    x = value(x)
    return x if x.dtype.is_inexact else ops.cast(x, dtypes.float32)


def axis_of(dim: int, x: Any) -> int:
    """An axis counted from the front; a scalar counts as having one."""
    return dim % max(len(x.shape), 1)


def axes_of(dim: Any, x: Any) -> tuple[int, ...]:
    """Axes counted from the front; none given means all."""
    ndim = len(x.shape)
    if dim is None or (isinstance(dim, list | tuple) and not dim):
        return tuple(range(ndim))
    dims = [dim] if isinstance(dim, int) else dim
    return tuple(sorted(axis_of(d, x) for d in dims)) if ndim else ()


def with_axis(x: Any) -> Any:
    """A scalar as an array of one element; anything else as it is."""
    return ops.reshape(x, (1,)) if len(x.shape) == 0 else x

"""What shape rules and canonical forms of ops are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multiback import dtypes
from multiback.dtypes import DType
from multiback.errors import ArgumentError, OutOfRangeError, ShapeError
from multiback.graph.dims import Shape, common
from multiback.graph.ir import Literal, Spec, Value
from multiback.graph.op import OPS
from multiback.graph.trace import current_builder

Axes = int | Sequence[int] | None


def like(x: Any, dtype: DType | None = None) -> Spec:
    """The spec of `x`, with another dtype if given."""
    return Spec(x.shape, dtype or x.dtype)


def axis_index(axis: int, ndim: int, what: str = "axis") -> int:
    """An axis counted from the front.

    Raises:
        OutOfRangeError: if the array has no such axis.
    """
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise ArgumentError(f"{what} must be an integer, got {axis!r}.")
    if not -ndim <= axis < max(ndim, 0):
        raise OutOfRangeError(f"{what} {axis} is out of range for an array with {ndim} axes.")
    return axis % ndim


def axis_indices(axis: Axes, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front, in order; None means all of them.

    Raises:
        ShapeError: for an axis that does not exist or occurs twice.
    """
    if axis is None:
        return tuple(range(ndim))
    given: Any = (axis,) if hasattr(axis, "__index__") else tuple(axis)  # type: ignore[arg-type]
    found = tuple(sorted(axis_index(a, ndim) for a in given))
    if len(set(found)) != len(found):
        raise ShapeError(f"axis {axis} names an axis twice.")
    return found


def broadcast_shapes(*shapes: Shape) -> Shape:
    """The common shape of operands, by NumPy's broadcasting rule.

    Raises:
        ShapeError: if two sizes differ and neither is 1.
    """
    rank = max(map(len, shapes))
    result: list[Any] = [1] * rank
    for shape in shapes:
        for i, size in enumerate(shape, rank - len(shape)):
            if result[i] == 1:
                result[i] = size
            elif size != 1 and (both := common(result[i], size)) is not None:
                result[i] = both
            elif size != 1:
                shown = " and ".join(str(s).replace("'", "") for s in shapes)
                raise ShapeError(f"Shapes {shown} do not broadcast: sizes {result[i]} and {size} differ.")
    return tuple(result)


def elementwise(*operands: Any, dtype: DType | None = None) -> Spec:
    """The spec of an elementwise op on operands of one dtype."""
    shape = broadcast_shapes(*(x.shape for x in operands))
    return Spec(shape, dtype or operands[0].dtype)


def promoting(*names: str, to_float: bool = False) -> Callable[[dict[str, Any]], None]:
    """Canonical form: these operands are cast to one dtype; with `to_float`, integers become float32."""

    def canonical(call: dict[str, Any]) -> None:
        operands: list[Any] = []
        for name in names:
            operands += call[name] if isinstance(call[name], tuple) else [call[name]]
        dtype = common_dtype([x for x in operands if x is not None])
        if to_float and not dtype.is_inexact:
            dtype = dtypes.float32
        for name in names:
            x = call[name]
            call[name] = tuple(as_type(i, dtype) for i in x) if isinstance(x, tuple) else as_type(x, dtype)

    return canonical


def common_dtype(operands: Sequence[Any]) -> DType:
    """The dtype operands meet in: Python numbers, and float64 constants from NumPy beside other floats, are weak."""
    strong = [x.dtype for x in operands if isinstance(x, Value) and not _is_weak(x)]
    weak = [x.dtype for x in operands if isinstance(x, Value) and _is_weak(x)]
    if not strong or (weak and not any(d.is_inexact for d in strong)):
        strong += weak
    numbers = [x.value for x in operands if isinstance(x, Literal)]
    if not strong:
        return dtypes.promote(*(x.dtype for x in operands))
    dtype = dtypes.promote(*strong)
    for number in numbers:
        dtype = dtypes.weak_result(dtype, number)
    return dtype


def _is_weak(x: Value) -> bool:
    builder = current_builder()
    return builder is not None and x.dtype == "float64" and x in builder.constants


def as_type(x: Any, dtype: DType) -> Any:
    """An operand as another dtype: numbers change in place, values are cast."""
    if x is None or x.dtype == dtype:
        return x
    if isinstance(x, Literal):
        number = {"b": bool, "f": float, "c": complex}.get(dtype.kind, int)
        return Literal(number(x.value), dtype)
    return OPS["cast"](x, dtype)


def axes_of(name: str, *, key: str = "axis") -> Callable[[dict[str, Any]], None]:
    """Canonical form: `axis` becomes a tuple of axes of operand `name`, counted from the front."""

    def canonical(call: dict[str, Any]) -> None:
        call[key] = axis_indices(call[key], call[name].ndim)

    return canonical


def axis_of(name: str, *, key: str = "axis") -> Callable[[dict[str, Any]], None]:
    """Canonical form: `axis` becomes one axis of operand `name`, counted from the front."""

    def canonical(call: dict[str, Any]) -> None:
        call[key] = axis_index(call[key], call[name].ndim)

    return canonical


def chained(*steps: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """Canonical forms one after another."""

    def canonical(call: dict[str, Any]) -> None:
        for step in steps:
            step(call)

    return canonical

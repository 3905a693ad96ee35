"""Where the extreme elements are."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ShapeError
from multiback.graph.dims import product
from multiback.graph.ir import Spec
from multiback.graph.op import OPS
from multiback.ops._cases import ALL_INTEGERS, EXACT, HALVES, Case, Sample, exact
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import axis_index
from multiback.ops.arithmetic import negative
from multiback.ops.bitwise import bitwise_invert
from multiback.ops.reduction import bools_as_integers, reduced_shape

_INF, _NAN = float("inf"), float("nan")
_BATCH = Sample(("batch", 5, 3))
_SPECIAL = [
    [1.0, _NAN, _NAN],
    [_INF, _NAN, 1.0],
    [1.0, _INF, _INF],
    [2.0, 1.0, 2.0],
    [-_INF, -_INF, -_INF],
    [0.0, -0.0, 0.0],
]
_POSITIONS = [
    *exact(["float32", "float64"], _BATCH, label="axis", axis=1),
    *exact(["float32"], _BATCH, label="axis kept", axis=-1, keepdims=True),
    *(
        Case((_BATCH,), attributes, label, bound=EXACT, differentiable=False, edges=False)
        for label, attributes in (
            ("all", {}),
            ("all kept", {"keepdims": True}),
            ("batch", {"axis": 0}),
            ("batch kept", {"axis": 0, "keepdims": True}),
        )
    ),
    *exact(["float32"], Sample(()), label="scalar"),
    *exact(["float32"], Sample(()), label="scalar kept", keepdims=True),
    *exact(["float32"], Sample((3, 1)), label="one element", axis=1),
    *exact(["float32", *HALVES], Sample(values=_SPECIAL), label="divergence-20", axis=1),
    *exact(["int32"], Sample(values=[[3, -(2**31), 3], [2**31 - 1, 5, -(2**31)]]), label="extremes", axis=1),
    *exact(["uint8"], Sample(values=[[0, 255, 7], [255, 255, 0]]), label="unsigned", axis=1),
    *exact(ALL_INTEGERS, Sample(("batch", 6), 0, 4), label="integers", axis=1),
    *exact(["bool"], Sample((4, 3), dtype="bool"), label="bools", axis=1),
    *exact(["float32"], Sample((70000,)), label="long"),
]


def _one_axis(call: dict[str, Any]) -> None:
    """`axis` counted from the front; None becomes the only axis of the flattened array."""
    bools_as_integers(call)
    x, keepdims = call["x"], bool(call["keepdims"])
    if call["axis"] is not None:
        call["axis"] = axis_index(call["axis"], x.ndim)
    else:
        size = product(x.shape)
        shape = (*(1,) * (x.ndim - 1), size) if keepdims and x.ndim else (size,)
        call["x"] = x if x.shape == shape else OPS["reshape"](x, shape)
        call["axis"], keepdims = len(shape) - 1, keepdims and x.ndim > 0
    call["keepdims"] = keepdims


@primitive(canonical=_one_axis, cases=_POSITIONS)
def argmax(x: Array, axis: int | None = None, keepdims: bool = False) -> Spec:
    """Position of the largest element along an axis: the first of equal ones, the first NaN if there is one.

    Arguments:
        x: Any array.
        axis: The axis to search; None means the flattened array.
        keepdims: Whether it stays with size 1.

    Returns:
        Int32, of the reduced shape.

    Raises:
        ShapeError: for an axis of size 0; where its size is symbolic, what comes of 0 is not defined.

    Source: array API standard 2024.12, argmax; NumPy 2 for NaN.

    Example:
        >>> ops.argmax([[1, 5, 5], [3, 2, 1]], axis=1).tolist()
        [1, 0]
    """
    if x.shape[axis] == 0:
        raise ShapeError(f"argmax() along an axis of size 0 has no position; the array has shape {x.shape}.")
    return Spec(reduced_shape(x.shape, (axis,), keepdims), dtypes.int32)


argmax.meaning(lambda x, axis, keepdims: np.argmax(x, axis=axis, keepdims=keepdims).astype(np.int32))
argmax.vjp(lambda g, y, x, axis, keepdims: None)


@composite(canonical=_one_axis, cases=_POSITIONS)
def argmin(x: Array, axis: int | None = None, keepdims: bool = False) -> Any:
    """Position of the smallest element along an axis: the first of equal ones, the first NaN if there is one.

    Arguments:
        x: Any array.
        axis: The axis to search; None means the flattened array.
        keepdims: Whether it stays with size 1.

    Returns:
        Int32, of the reduced shape.

    Raises:
        ShapeError: for an axis of size 0; where its size is symbolic, what comes of 0 is not defined.

    Source: array API standard 2024.12, argmin; NumPy 2 for NaN.

    Example:
        >>> ops.argmin([[1, 5, 5], [3, 2, 1]], axis=1).tolist()
        [0, 2]
    """
    return argmax(negative(x) if x.dtype.is_float else bitwise_invert(x), axis, keepdims)

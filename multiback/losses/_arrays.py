"""Targets and predictions as arrays of one dtype and rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import config, dtypes, ops
from multiback.backends import registry, select
from multiback.backends.protocol import Adapter
from multiback.dtypes import DType
from multiback.errors import ShapeError
from multiback.graph.dims import Dim
from multiback.graph.ir import Value
from multiback.graph.trace import as_host_array, current_builder
from multiback.ops.creation import convert_to_tensor, number


def compute_dtype(dtype: Any) -> DType:
    """The dtype that a dtype, a policy, a policy's name or None (`floatx()`) computes in."""
    dtype = getattr(dtype, "compute_dtype", dtype) or config.floatx()
    return dtypes.as_dtype(dtype.removeprefix("mixed_") if isinstance(dtype, str) else dtype)


def as_array(x: Any, dtype: Any = None) -> Any:
    """An array, number, list or size as an array of the framework it belongs to, of `dtype` if given."""
    return as_arrays(x, dtype=dtype)[0]


def as_arrays(*values: Any, dtype: Any = None) -> list[Any]:
    """Values as arrays of one framework, that which owns one of them or the selected one; None stays None."""
    values = tuple(number(x) if isinstance(x, Dim) else x for x in values)
    if current_builder() is None and not any(isinstance(x, Value) for x in values):
        owners = (registry.owner(x) for x in values if x is not None and not isinstance(x, np.ndarray | np.generic))
        adapter = next((a for a in owners if a is not None), None) or select.selected()
        arrays = [_native(x, adapter) for x in values]
    else:
        arrays = [x if x is None or isinstance(x, Value) else convert_to_tensor(x) for x in values]
    return arrays if dtype is None else [x if x is None or _is(x, dtype) else ops.cast(x, dtype) for x in arrays]


def _native(x: Any, adapter: Adapter) -> Any:
    if x is None or (adapter.is_native(x) and not isinstance(x, np.generic)):
        return x
    if hasattr(x, "__multiback_variable__"):
        return x.native(adapter)
    return adapter.from_numpy(as_host_array(x))


def _is(x: Any, dtype: DType) -> bool:
    return dtypes.as_dtype(x.dtype) == dtype


def as_float(x: Any) -> Any:
    """Predictions as floats: integers and booleans become `floatx()`."""
    x = as_array(x)
    return x if dtypes.as_dtype(x.dtype).is_float else ops.cast(x, config.floatx())


def as_int(x: Any) -> Any:
    """Class numbers as integers: floats are cut to int32."""
    x = as_array(x)
    return x if dtypes.as_dtype(x.dtype).is_integer else ops.cast(x, dtypes.int32)


def same_rank(x1: Any, x2: Any, expand_rank_1: bool = True) -> tuple[Any, Any]:
    """Two arrays whose ranks differ by a last axis of size 1, with that axis dropped from one or added to the other.

    The axis is added when the other array has one axis, unless `expand_rank_1` is False, and dropped otherwise.
    """
    if len(x1.shape) == len(x2.shape) + 1 and x1.shape[-1] == 1:
        return _matched(x1, x2, expand_rank_1)
    if len(x2.shape) == len(x1.shape) + 1 and x2.shape[-1] == 1:
        return _matched(x2, x1, expand_rank_1)[::-1]
    return x1, x2


def _matched(longer: Any, shorter: Any, expand_rank_1: bool) -> tuple[Any, Any]:
    if len(shorter.shape) == 1 and expand_rank_1:
        return longer, ops.expand_dims(shorter, -1)
    return ops.squeeze(longer, -1), shorter


def targets_and_predictions(y_true: Any, y_pred: Any, name: str, remedy: str = "") -> tuple[Any, Any]:
    """Both as arrays of the dtype of `y_pred` (integers become `floatx()`), with one rank and size of the last axis.

    Raises:
        ShapeError: naming the loss and both shapes, if they do not fit.
    """
    y_true, y_pred = as_arrays(y_true, y_pred)
    y_pred = as_float(y_pred)
    y_true, y_pred = same_rank(as_array(y_true, dtypes.as_dtype(y_pred.dtype)), y_pred)
    if y_true.shape == () or y_pred.shape == ():
        return y_true, y_pred
    if len(y_true.shape) != len(y_pred.shape) or _differ(y_true.shape[-1], y_pred.shape[-1]):
        raise ShapeError(
            f"{name} expects y_true and y_pred of one shape, got {shown(y_true.shape)} and {shown(y_pred.shape)}."
            + (f" {remedy}" if remedy else "")
        )
    return y_true, y_pred


def _differ(a: Any, b: Any) -> bool:
    return a is not None and b is not None and a != b


def shown(shape: Sequence[Any]) -> str:
    """A shape for a message."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"

"""Defaults that a person sets once: float type, epsilon, image layout."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from multiback import dtypes
from multiback.errors import ArgumentError

_FLOATX: ContextVar[str] = ContextVar("multiback_floatx", default="float32")
_EPSILON: ContextVar[float] = ContextVar("multiback_epsilon", default=1e-7)
_IMAGE_DATA_FORMAT: ContextVar[str] = ContextVar("multiback_image_data_format", default="channels_last")


def floatx() -> str:
    """The default float dtype, "float32" unless set otherwise."""
    return _FLOATX.get()


def set_floatx(value: str) -> None:
    """Sets the default float dtype of layers made from here on in this thread.

    Raises:
        ArgumentError: if it is not a float dtype.
    """
    dtype = dtypes.as_dtype(value)
    if not dtype.is_float:
        raise ArgumentError(f"floatx must be one of float16, bfloat16, float32, float64, got {value!r}.")
    _FLOATX.set(str(dtype))


def epsilon() -> float:
    """The small number that keeps divisions finite, 1e-7 unless set otherwise."""
    return _EPSILON.get()


def set_epsilon(value: float) -> None:
    """Sets the small number that keeps divisions finite."""
    _EPSILON.set(float(value))


def image_data_format() -> str:
    """The image data format: "channels_last" (the default) or "channels_first"."""
    return _IMAGE_DATA_FORMAT.get()


def set_image_data_format(data_format: str) -> None:
    """Sets where images have their channels.

    Raises:
        ArgumentError: if it is neither "channels_last" nor "channels_first".
    """
    _IMAGE_DATA_FORMAT.set(standardize_data_format(data_format))


def standardize_data_format(data_format: str | None) -> str:
    """`data_format`, or the default when None.

    Raises:
        ArgumentError: if it is neither "channels_last" nor "channels_first".
    """
    if data_format is None:
        return image_data_format()
    if data_format not in ("channels_last", "channels_first"):
        raise ArgumentError(f"data_format must be 'channels_last' or 'channels_first', got {data_format!r}.")
    return data_format


def dtype_policy() -> Any:
    """The dtype policy of layers that are given none: see `multiback.dtype_policies.dtype_policy`."""
    from multiback import dtype_policies

    return dtype_policies.dtype_policy()


def set_dtype_policy(policy: Any) -> None:
    """Sets the dtype policy of layers made from here on: see `multiback.dtype_policies.set_dtype_policy`."""
    from multiback import dtype_policies

    dtype_policies.set_dtype_policy(policy)

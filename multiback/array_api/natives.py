"""What a native array is: its adapter, dtype and shape."""

from __future__ import annotations

from typing import Any

from multiback.backends import registry, select
from multiback.backends.protocol import Adapter
from multiback.dtypes import DType


def adapter_of(x: Any) -> Adapter:
    """The adapter that owns an array; of anything else the selected one."""
    return registry.owner(x) or select.selected()


def dtype_of(x: Any) -> DType:
    """The dtype of an array."""
    return adapter_of(x).dtype(x)


def shape_of(x: Any) -> tuple[int, ...]:
    """The sizes of an array, which are all known outside of compiled code."""
    return tuple(adapter_of(x).shape(x))  # type: ignore[arg-type]

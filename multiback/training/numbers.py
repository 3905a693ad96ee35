"""Native scalars as Python numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.backends.protocol import Adapter


def as_number(value: Any, adapter: Adapter) -> Any:
    """A native or NumPy scalar as a float; arrays with axes as NumPy arrays."""
    if adapter.is_native(value):
        value = adapter.to_numpy(value)
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array

"""Half precision computed in float32, where 16 bits would lose the result."""

from __future__ import annotations

from typing import Any

from multiback import dtypes
from multiback.ops.casting import cast


def widened(x: Any) -> Any:
    """A float array in at least float32."""
    return x if x.dtype.bits >= 32 else cast(x, dtypes.float32)

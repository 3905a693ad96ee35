"""The bias of a moving average that starts at zero."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from multiback import dtypes, ops


def counted(step: Any, dtype: dtypes.DType) -> Any:
    """A step number as a float wide enough to count: `dtype`, but at least float32."""
    return ops.cast(step, dtype if dtype.bits >= 32 else dtypes.float32)


def rounded(decay: float, dtype: dtypes.DType) -> float:
    """The decay as a number of the dtype in which steps are counted."""
    return float(np.asarray(decay, dtype.numpy if dtype.bits >= 32 else np.float32))


def one_minus_power(decay: float, step: Any) -> Any:
    """1 - decay ** step, exact to a few units of the last place also where the power is close to 1."""
    return -ops.expm1(step * math.log(decay)) if decay > 0 else 1.0

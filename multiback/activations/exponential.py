"""The exponential under Keras's name."""

from __future__ import annotations

from typing import Any

from multiback import ops


def exponential(x: Any) -> Any:
    """The exponential function: e**x.

    Example:
        >>> exponential(np.array([0.0, 1.0]))    # 1 2.7182817
    """
    return ops.exp(x)

"""Rectified linear units: the plain one and its variants."""

from __future__ import annotations

from typing import Any

from multiback import ops


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Rectified linear unit: x above the threshold and at most max_value, else negative_slope * (x - threshold).

    Arguments:
        x: Float array of any shape.
        negative_slope: Slope below the threshold.
        max_value: Ceiling; None for none.
        threshold: Values up to it are cut.

    Returns:
        The shape of `x`.

    Example:
        >>> relu(np.array([-2.0, 0.5, 8.0]), negative_slope=0.1, max_value=6)    # -0.2 0.5 6
    """
    if threshold == 0 and max_value is None:
        return ops.leaky_relu(x, negative_slope=negative_slope) if negative_slope else ops.relu(x)
    if threshold == 0 and negative_slope == 0 and max_value == 6:
        return ops.relu6(x)
    above = ops.relu(x) if threshold == 0 else ops.where(ops.greater(x, threshold), x, 0.0)
    if max_value is not None:
        above = ops.clip(above, 0.0, max_value)
    if not negative_slope:
        return above
    return ops.subtract(above, ops.multiply(ops.relu(ops.subtract(threshold, x)), negative_slope))

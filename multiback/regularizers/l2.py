"""The sum of squares as a penalty."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.regularizers.registry import REGISTRY
from multiback.regularizers.regularizer import Regularizer, checked_factor


@REGISTRY.register("l2")
class L2(Regularizer):
    """Penalty on squares: l2 * sum(x^2).

    Arguments:
        l2: Factor, at least 0.

    Returns:
        A scalar of the weight's dtype.

    Raises:
        ArgumentError: if the factor is negative or not finite.

    Source: Hoerl and Kennard 1970, Ridge regression.

    Example:
        >>> L2(0.1)(np.array([1.0, -2.0]))    # 0.5
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = checked_factor(0.01 if l2 is None else l2, "l2")

    def __call__(self, x: Any) -> Any:
        return ops.multiply(ops.sum(ops.square(x)), self.l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}

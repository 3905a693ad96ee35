"""The sum of magnitudes as a penalty."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.regularizers.registry import REGISTRY
from multiback.regularizers.regularizer import Regularizer, checked_factor


@REGISTRY.register("l1")
class L1(Regularizer):
    """Penalty on magnitudes: l1 * sum(|x|). Its gradient at 0 is 0.

    Arguments:
        l1: Factor, at least 0.

    Returns:
        A scalar of the weight's dtype.

    Raises:
        ArgumentError: if the factor is negative or not finite.

    Source: Tibshirani 1996, Regression shrinkage and selection via the lasso.

    Example:
        >>> L1(0.1)(np.array([1.0, -2.0]))    # 0.3
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = checked_factor(0.01 if l1 is None else l1, "l1")

    def __call__(self, x: Any) -> Any:
        return ops.multiply(ops.sum(ops.abs(x)), self.l1)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}

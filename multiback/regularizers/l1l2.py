"""Magnitudes and squares as a penalty."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.regularizers.registry import REGISTRY
from multiback.regularizers.regularizer import Regularizer, checked_factor


@REGISTRY.register("l1l2", "l1_l2")
class L1L2(Regularizer):
    """Penalty on magnitudes and squares: l1 * sum(|x|) + l2 * sum(x^2). A factor of 0 costs nothing.

    Arguments:
        l1, l2: Factors, at least 0.

    Returns:
        A scalar of the weight's dtype.

    Raises:
        ArgumentError: if a factor is negative or not finite.

    Source: Zou and Hastie 2005, Regularization and variable selection via the elastic net.

    Example:
        >>> L1L2(l1=0.1, l2=0.1)(np.array([1.0, -2.0]))    # 0.8
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = checked_factor(l1 or 0.0, "l1")
        self.l2 = checked_factor(l2 or 0.0, "l2")

    def __call__(self, x: Any) -> Any:
        parts = [(self.l1, ops.abs), (self.l2, ops.square)]
        terms = [ops.multiply(ops.sum(size(x)), factor) for factor, size in parts if factor]
        if not terms:
            return ops.zeros_like(ops.sum(x))
        return terms[0] if len(terms) == 1 else ops.add(*terms)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}

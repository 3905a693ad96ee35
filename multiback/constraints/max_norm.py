"""Norms of at most a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.constraints.constraint import Constraint, norms, rescaled
from multiback.constraints.registry import REGISTRY


@REGISTRY.register("max_norm")
class MaxNorm(Constraint):
    """Norms of at most `max_value`: w * min(n, max_value) / (n + epsilon), n the norm along `axis`.

    Arguments:
        max_value: The largest norm.
        axis: Axis or axes whose elements make one vector: 0 for a dense kernel, (0, 1, 2) for a convolution's.

    Source: Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting.

    Example:
        >>> MaxNorm(1.0)(np.array([[3.0], [4.0]]))    # 0.6 0.8
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norm = norms(w, self.axis)
        return rescaled(w, ops.minimum(norm, self.max_value), norm)

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}

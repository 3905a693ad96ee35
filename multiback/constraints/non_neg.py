"""No negative weights."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.constraints.constraint import Constraint
from multiback.constraints.registry import REGISTRY


@REGISTRY.register("non_neg")
class NonNeg(Constraint):
    """No negative weights: max(w, 0).

    Example:
        >>> NonNeg()(np.array([-1.0, 2.0]))    # 0 2
    """

    def __call__(self, w: Any) -> Any:
        return ops.maximum(w, 0)

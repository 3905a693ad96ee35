"""Norms of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import config, ops
from multiback.constraints.constraint import Constraint, norms
from multiback.constraints.registry import REGISTRY


@REGISTRY.register("unit_norm")
class UnitNorm(Constraint):
    """Norms of one: w / (n + epsilon), n the norm along `axis`.

    Arguments:
        axis: Axis or axes whose elements make one vector.

    Example:
        >>> UnitNorm()(np.array([[3.0], [4.0]]))    # 0.6 0.8
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return ops.divide(w, ops.add(norms(w, self.axis), config.epsilon()))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}

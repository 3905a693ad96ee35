"""What the callbacks that watch one value share: its direction, and whether it improved."""

from __future__ import annotations

import math
import re
from typing import Any

from multiback.callbacks.callback import Callback
from multiback.errors import ArgumentError, unknown_name

_RISING = {
    *("acc", "accuracy", "auc", "precision", "recall", "sensitivity", "specificity"),
    *("f1", "fbeta", "iou", "io", "r2", "similarity", "correlation", "concordance"),
}
_FALLING = {
    *("loss", "error", "mse", "mae", "mape", "msle", "rmse", "logcosh"),
    *("entropy", "crossentropy", "hinge", "divergence", "poisson"),
}


class MonitorCallback(Callback):
    """Base of callbacks that watch one value of the epoch's logs.

    Args:
        monitor: Name of the value, such as "val_loss".
        mode: "min" if smaller is better, "max" if larger is, "auto" to know it from the metric or its name.
        baseline: What the first value must improve on.
        min_delta: A smaller improvement counts as none.

    Raises:
        ArgumentError: for another mode, or when "auto" cannot tell.
    """

    def __init__(
        self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None, min_delta: float = 0
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise unknown_name("mode", mode, ("auto", "min", "max"))
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)

    def improves(self, value: float, best: float | None) -> bool:
        """Whether `value` is better than `best` by more than `min_delta`; NaN never is."""
        if math.isnan(value):
            return False
        if best is None:
            return True
        rising = self._rising()
        return value - self.min_delta > best if rising else value + self.min_delta < best

    def _rising(self) -> bool:
        if self.mode == "auto":
            self.mode = self._infer_mode()
        return self.mode == "max"

    def _infer_mode(self) -> str:
        name = self.monitor.removeprefix("val_")
        for metric in _metrics(self.model):
            direction = getattr(metric, "direction", None) or getattr(metric, "_direction", None)
            if getattr(metric, "name", None) == name and direction in ("up", "down"):
                return "max" if direction == "up" else "min"
        words = set(re.split("[^a-z0-9]+", name.lower()))
        rising, falling = words & _RISING, words & _FALLING
        if bool(rising) == bool(falling):
            raise ArgumentError(
                f"{type(self).__name__} cannot tell whether a larger or a smaller {self.monitor!r} is better: "
                "pass mode='max' or mode='min'."
            )
        return "max" if rising else "min"


def _metrics(model: Any) -> list[Any]:
    """The model's metrics, those inside containers too."""
    found: list[Any] = []
    pending = list(getattr(model, "metrics", None) or [])
    while pending:
        metric = pending.pop()
        found.append(metric)
        pending.extend(getattr(metric, "metrics", None) or [])
    return found

"""Reading monitored values and learning rates."""

from __future__ import annotations

import warnings
from typing import Any

from multiback.callbacks.monitor import MonitorCallback
from multiback.errors import ArgumentError


def monitored(callback: MonitorCallback, logs: dict[str, Any] | None) -> float | None:
    """The monitored value in the logs, or None, with a warning, when it is not there.

    Raises:
        ArgumentError: if it is not one number.
    """
    logs = logs or {}
    if callback.monitor not in logs:
        available = ", ".join(logs) or "none"
        warnings.warn(
            f"{type(callback).__name__} watches {callback.monitor!r}, which is not in the logs. "
            f"Available: {available}.",
            stacklevel=3,
        )
        return None
    value = logs[callback.monitor]
    if getattr(value, "ndim", 0) > 0:
        raise ArgumentError(
            f"{type(callback).__name__} watches one number, but {callback.monitor!r} has shape {value.shape}."
        )
    return float(value)


def optimizers(model: Any) -> dict[str, Any]:
    """The model's optimizer under the name "learning_rate", or one entry for each of several."""
    optimizer = model.optimizer
    parts = getattr(optimizer, "optimizers", None)
    return {"learning_rate": optimizer} if not parts else {f"learning_rate_{part.name}": part for part in parts}


def learning_rate(optimizer: Any) -> float:
    """The optimizer's current learning rate.

    Raises:
        ArgumentError: if it has none.
    """
    if not hasattr(optimizer, "learning_rate"):
        raise ArgumentError(f"{type(optimizer).__name__} has no learning_rate for a callback to change.")
    return float(optimizer.learning_rate)


def log_learning_rates(model: Any, logs: dict[str, Any] | None) -> None:
    """Add the current learning rates to the epoch's logs."""
    if logs is not None:
        logs.update({name: learning_rate(optimizer) for name, optimizer in optimizers(model).items()})

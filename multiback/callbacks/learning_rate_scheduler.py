"""LearningRateScheduler: a learning rate for every epoch."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from multiback.callbacks.callback import Callback, Logs
from multiback.callbacks.values import learning_rate, log_learning_rates, optimizers
from multiback.errors import ArgumentError
from multiback.utils.messages import say


class LearningRateScheduler(Callback):
    """Set the learning rate at the beginning of every epoch: `rate = schedule(epoch, rate)`.

    The rate is added to the epoch's logs as "learning_rate".

    Args:
        schedule: Takes the epoch, from 0, and the current rate; returns the new one as a float.
        verbose: 1 says the rate.

    Raises:
        ArgumentError: if the schedule returns something else than a float.

    Example:
        >>> halve = LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    """

    def __init__(self, schedule: Callable[[int, float], float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        for name, optimizer in optimizers(self.model).items():
            rate = self.schedule(epoch, learning_rate(optimizer))
            if not isinstance(rate, numbers.Real) or isinstance(rate, numbers.Integral):
                raise ArgumentError(f"A learning rate schedule returns a float, got {rate!r} for epoch {epoch}.")
            optimizer.learning_rate = float(rate)
            if self.verbose > 0:
                say(f"Epoch {epoch + 1}: setting {name} to {float(rate):g}")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        log_learning_rates(self.model, logs)

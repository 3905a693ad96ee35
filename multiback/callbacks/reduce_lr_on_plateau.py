"""ReduceLROnPlateau: a smaller learning rate when a value no longer improves."""

from __future__ import annotations

from typing import Any

from multiback.callbacks.callback import Logs
from multiback.callbacks.monitor import MonitorCallback
from multiback.callbacks.values import learning_rate, log_learning_rates, monitored, optimizers
from multiback.errors import ArgumentError
from multiback.utils.messages import say


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by `factor` after `patience` epochs without improvement.

    Semantics of Keras, except that NaN is never an improvement. The rate is added to the epoch's logs.

    Args:
        monitor: Name of the value in the epoch's logs.
        factor: Below 1; `rate = max(rate * factor, min_lr)`.
        patience: Epochs without improvement to wait.
        verbose: 1 says when the rate is reduced.
        mode: "min", "max" or "auto".
        min_delta: A smaller improvement counts as none.
        cooldown: Epochs after a reduction in which nothing is counted.
        min_lr: The rate never goes below this.

    Raises:
        ArgumentError: if `factor` is not below 1.

    Example:
        >>> reduce = ReduceLROnPlateau(monitor="val_loss", factor=0.2, patience=5)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1:
            raise ArgumentError(f"ReduceLROnPlateau needs a factor below 1, got {factor}.")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._reset()

    def _reset(self) -> None:
        self.best: float | None = None
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether the rate was reduced so recently that nothing is counted."""
        return self.cooldown_counter > 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        log_learning_rates(self.model, logs)
        value = monitored(self, logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def _reduce(self, epoch: int) -> bool:
        reduced = False
        for name, optimizer in optimizers(self.model).items():
            rate = learning_rate(optimizer)
            if rate <= self.min_lr:
                continue
            optimizer.learning_rate = max(rate * self.factor, self.min_lr)
            reduced = True
            if self.verbose > 0:
                say(f"Epoch {epoch + 1}: reducing {name} to {learning_rate(optimizer):g}")
        return reduced

"""EarlyStopping: end training when a value no longer improves."""

from __future__ import annotations

from typing import Any

from multiback.callbacks.callback import Logs
from multiback.callbacks.monitor import MonitorCallback
from multiback.callbacks.values import monitored
from multiback.utils.messages import say


class EarlyStopping(MonitorCallback):
    """Stop training after `patience` epochs without improvement of the monitored value.

    Semantics of Keras, except that NaN is never an improvement. The best weights are restored also after Ctrl-C.

    Args:
        monitor: Name of the value in the epoch's logs.
        min_delta: A smaller improvement counts as none.
        patience: Epochs without improvement to wait.
        verbose: 1 says when training is stopped.
        mode: "min", "max" or "auto".
        baseline: Waiting goes on until the value is better than this.
        restore_best_weights: End with the weights of the best epoch.
        start_from_epoch: Epochs to let pass before watching.

    Example:
        >>> stop = EarlyStopping(monitor="loss", patience=1)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        value = monitored(self, logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._remember_weights(epoch)
        self.wait += 1
        if self.improves(value, self.best):
            self.best = value
            self._remember_weights(epoch)
            if self.improves(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                say(f"Restoring the weights of the best epoch: {self.best_epoch + 1}")
            self.model.set_weights(self.best_weights)

    def _remember_weights(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

"""ProgbarLogger: the progress display of fit, evaluate and predict."""

from __future__ import annotations

from typing import Any

from multiback.callbacks.callback import Callback, Logs
from multiback.training.progress import Progress


class ProgbarLogger(Callback):
    """Show progress: a live line in a terminal, one plain line per epoch elsewhere.

    `params["verbose"]`: 0 shows nothing, 1 or "auto" the live line where possible, 2 one line per epoch. In `fit`, it
    shows training; validation is only announced, and its results appear with those of the epoch.

    Example:
        >>> bar = ProgbarLogger()
    """

    reads_batch_logs = False
    every_batch = False

    def __init__(self) -> None:
        super().__init__()
        self._progress = Progress(verbose=1)
        self._in_fit = False
        self._seen = 0

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self.epochs = params.get("epochs", 1) or 1
        self.target = params.get("steps")
        self._progress = Progress(verbose=params.get("verbose", "auto"))

    def on_train_begin(self, logs: Logs = None) -> None:
        self._in_fit = True

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._begin(f"Epoch {epoch + 1}/{self.epochs}" if self.epochs > 1 else "")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._seen = batch + 1
        self._progress.update(self._seen, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.target = self.target or self._seen
        self._progress.finish(self._seen, logs)

    def on_train_end(self, logs: Logs = None) -> None:
        self._in_fit = False
        self._progress.close()

    def on_test_begin(self, logs: Logs = None) -> None:
        if self._in_fit:
            self._progress.note("validating")
        else:
            self._begin("")

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        if not self._in_fit:
            self.on_train_batch_end(batch, logs)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._in_fit:
            self._end(logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._begin("")

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._seen = batch + 1
        self._progress.update(self._seen)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._end(None)

    def _begin(self, label: str) -> None:
        self._seen = 0
        self._progress.begin(self.target, label)

    def _end(self, logs: Logs) -> None:
        if self.interruption is None:
            self._progress.finish(self._seen, logs)
        self._progress.close()

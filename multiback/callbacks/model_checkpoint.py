"""ModelCheckpoint: save the model as it trains."""

from __future__ import annotations

import os
import string
from typing import Any

from multiback.callbacks.callback import Logs
from multiback.callbacks.monitor import MonitorCallback
from multiback.callbacks.values import monitored
from multiback.errors import ArgumentError, closest
from multiback.utils.messages import say

_MODEL_SUFFIXES = (".keras",)
_WEIGHTS_SUFFIXES = (".weights.h5",)


class ModelCheckpoint(MonitorCallback):
    """Save the model, or its weights, every epoch, every so many batches, or whenever a value improves.

    Semantics of Keras, except that NaN is never an improvement. Files are replaced atomically by the saver.

    Args:
        filepath: Where to save; may contain `{epoch}` and `{batch}` (from 1) and names of logs, such as
            `{val_loss:.2f}`. Ends in `.weights.h5` with `save_weights_only`, otherwise in `.keras`.
        monitor: Name of the value in the logs that `save_best_only` watches.
        verbose: 1 says what is saved.
        save_best_only: Save only when the value improves.
        save_weights_only: Save `model.save_weights(path)` rather than `model.save(path)`.
        mode: "min", "max" or "auto".
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: What the first value must improve on.

    Raises:
        ArgumentError: for another suffix or frequency, or a path that names a value which is not in the logs.

    Example:
        >>> save = ModelCheckpoint("best.keras", monitor="val_accuracy", save_best_only=True)
    """

    def __init__(
        self,
        filepath: str | os.PathLike,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.reads_batch_logs = save_freq != "epoch"
        self._epoch = 0
        self._last_batch = -1
        self._unsaved_batches = 0
        if save_freq != "epoch" and (not isinstance(save_freq, int) or isinstance(save_freq, bool) or save_freq < 1):
            raise ArgumentError(f"save_freq is 'epoch' or a number of batches, got {save_freq!r}.")
        suffixes = _WEIGHTS_SUFFIXES if save_weights_only else _MODEL_SUFFIXES
        if not self.filepath.endswith(suffixes):
            what = "weights" if save_weights_only else "a model"
            raise ArgumentError(f"The path of {what} ends in {' or '.join(suffixes)}, got {self.filepath!r}.")
        self._fields = [field for _, field, _, _ in string.Formatter().parse(self.filepath) if field is not None]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch
        self._last_batch = -1

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            return
        self._unsaved_batches += batch - self._last_batch
        self._last_batch = batch
        if self._unsaved_batches >= int(self.save_freq):
            self._unsaved_batches = 0
            self._save(batch, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch
        if self.save_freq == "epoch":
            self._save(None, logs)

    def _save(self, batch: int | None, logs: Logs) -> None:
        path = self._path(batch, logs or {})
        if not self._wanted(logs or {}, path):
            return
        if directory := os.path.dirname(path):
            os.makedirs(directory, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _wanted(self, logs: Any, path: str) -> bool:
        epoch = f"Epoch {self._epoch + 1}"
        if not self.save_best_only:
            self._say(f"{epoch}: saving model to {path}")
            return True
        value = monitored(self, logs)
        if value is None:  # as in Keras: better a model too many than none
            return True
        before = "none" if self.best is None else f"{self.best:.5f}"
        if not self.improves(value, self.best):
            self._say(f"{epoch}: {self.monitor} did not improve from {before}")
            return False
        self._say(f"{epoch}: {self.monitor} improved from {before} to {value:.5f}, saving model to {path}")
        self.best = value
        return True

    def _path(self, batch: int | None, logs: Any) -> str:
        values: dict[str, Any] = {"epoch": self._epoch + 1}
        if batch is not None:
            values["batch"] = batch + 1
        for field in self._fields:
            if field in values:
                continue
            if field not in logs:
                known = [*values, *logs]
                raise ArgumentError(
                    f"The path {self.filepath!r} names {field!r}, which is not in the logs.{closest(field, known)} "
                    f"Available: {', '.join(known)}."
                )
            values[field] = logs[field]
        return self.filepath.format_map(values)

    def _say(self, message: str) -> None:
        if self.verbose > 0:
            say(message)

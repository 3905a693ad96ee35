"""Callback: the hooks that training, evaluation and prediction call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Logs = Mapping[str, Any] | None


class Callback:
    """Base of all callbacks: override the hooks you need. Hooks that are not overridden are never called.

    Hooks of one moment run in the order of the list of callbacks. `on_train_end`, `on_test_end` and `on_predict_end`
    run also after an exception or Ctrl-C; `interruption` then holds it. Logs of batches are fetched from the device
    when a value is first read, so a hook that does not read them costs nothing.

    Attributes:
        model: The model in training.
        params: Settings of the run: "verbose", "epochs" and "steps".
        interruption: In the `on_*_end` hooks, the exception that ended the run; None after a normal end.
        reads_batch_logs: Set it to False in a subclass whose batch hooks seldom read their logs.
        every_batch: Set it to False in a subclass whose batch hooks need not be called for every single batch.

    Example:
        >>> class Stop(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         self.model.stop_training = logs["loss"] < 0.1
    """

    interruption: BaseException | None = None
    reads_batch_logs = True
    every_batch = True

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The model in training."""
        return self._model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called once before a run with its settings."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Called once before a run with its model."""
        self._model = model

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Another name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Another name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Before an epoch of training, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """After an epoch of training and its validation (`val_` logs); what a hook adds to logs, later ones see."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a training step, counted from 0 in each epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a training step, with the loss and metrics of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a step of evaluation or validation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a step of evaluation or validation."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a step of prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a step of prediction, with its "outputs"."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs = None) -> None:
        """After the last epoch, or after what interrupted training."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Before evaluation or validation."""

    def on_test_end(self, logs: Logs = None) -> None:
        """After evaluation or validation, or what interrupted it."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Before prediction."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """After prediction, or what interrupted it."""


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))

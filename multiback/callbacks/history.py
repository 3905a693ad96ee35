"""History: what happened in each epoch."""

from __future__ import annotations

from typing import Any

from multiback.callbacks.callback import Callback, Logs


class History(Callback):
    """Record the logs of every epoch; `fit` adds it and returns it.

    Attributes:
        epoch: Numbers of the epochs, from 0.
        history: One list of values per name in the logs.

    Example:
        >>> history = History()
        >>> history.on_train_begin()
        >>> history.on_epoch_end(0, {"loss": 0.5})
        >>> history.history
        {'loss': [0.5]}
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

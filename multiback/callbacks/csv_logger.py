"""CSVLogger: the logs of every epoch as a row of a file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import IO, Any

from multiback.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Write the logs of every epoch to a CSV file, as they come.

    The columns are "epoch" and the names of the first epoch's logs; without validation in that epoch, their `val_`
    names too. A value that is missing is written as NA.

    Args:
        filename: Path of the file.
        separator: Between the columns.
        append: Go on with an existing file instead of replacing it.

    Example:
        >>> log = CSVLogger("training.csv")
    """

    def __init__(self, filename: str | os.PathLike, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self._file: IO[str] | None = None
        self._writer: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._close()
        self._has_header = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        mode = "a" if self.append else "w"
        file: IO[str] = open(self.filename, mode, newline="", encoding="utf-8")  # noqa: SIM115
        self._file, self._writer = file, csv.writer(file, delimiter=self.sep)
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
            if not self._has_header:
                self._writer.writerow(["epoch", *self.keys])
        self._writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        if self._file is not None:
            self._file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None


def _cell(value: Any) -> Any:
    if isinstance(value, Iterable) and not isinstance(value, str) and getattr(value, "ndim", 1) > 0:
        return f'"[{", ".join(map(str, value))}]"'
    return value

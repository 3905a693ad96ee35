"""Batches that someone else makes: generators and iterators, and anything that can be iterated again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from multiback.errors import DataError
from multiback.training.data.batch import Batch, Preparation
from multiback.training.data.source import Batches, DataSource


class StreamSource(DataSource):
    """Batches drawn one after the other.

    An iterator (such as a generator) is read once and goes on across epochs. Anything else is iterated anew for every
    pass; with a number of steps per epoch, a pass goes on across epochs until it ends. Starting in the middle draws and
    drops the batches before.

    Args:
        data: An iterator, or an iterable that may have a length.
        preparation: Checks and converts each item.
        name: How messages name the data.
    """

    seekable = False

    def __init__(self, data: Iterable[Any], preparation: Preparation, name: str) -> None:
        self._data = data
        self._prepare = preparation
        self._name = name
        self._once = isinstance(data, Iterator)
        self._iterator: Iterator[Any] | None = data if self._once else None  # type: ignore[assignment]
        self._pending: Batch | None = None
        self._pass = 0
        self._position = 0
        self.steps = None if self._once else _length(data)
        if self.steps == 0:
            raise DataError(f"{name} is empty: there are no batches to use.")

    def batches(self, epoch: int, start: int = 0, stop: int | None = None) -> Batches:
        for _ in range(start if self._once else self._seek(epoch, start, stop)):
            if self._draw() is None:
                return
        for _ in count(start) if stop is None else range(start, stop):
            batch = self._draw()
            if batch is None:
                return
            yield batch

    def peek(self) -> Batch:
        if not self._fill():
            raise DataError(self._nothing())
        return self._pending  # type: ignore[return-value]

    def available(self) -> bool:
        return not self._once or self._fill()

    def _seek(self, epoch: int, start: int, stop: int | None) -> int:
        """Rewind if needed; how many batches to drop to stand at `start`."""
        goes_on = self.steps is None and stop is not None
        here = self._position == 0 or goes_on or (self._pass, self._position) == (epoch, start)
        if self._iterator is None or not here:
            self._rewind(epoch)
        self._pass = epoch
        return start if goes_on else start - self._position

    def _fill(self) -> bool:
        if self._pending is None:
            if self._iterator is None and not self._once:
                self._rewind(self._pass)
            if (batch := self._draw()) is not None:
                self._pending = batch
                self._position -= 1
        return self._pending is not None

    def _rewind(self, epoch: int) -> None:
        self._iterator = iter(self._data)
        self._pending, self._pass, self._position = None, epoch, 0

    def _draw(self) -> Batch | None:
        """The next batch, or None at the end."""
        if self._pending is not None:
            batch, self._pending = self._pending, None
            self._position += 1
            return batch
        if self._iterator is None:
            return None
        try:
            item = next(self._iterator)
        except StopIteration:
            self._iterator = None
            if self._position == 0 and not self._once:
                raise DataError(self._nothing()) from None
            return None
        batch = self._prepare.unpack(item, f"Batch {self._position} of {self._name}")
        self._position += 1
        return batch

    def _nothing(self) -> str:
        again = " It can be read only once: make a new one for every call, or use a PyDataset." if self._once else ""
        return f"{self._name} yielded no batch.{again}"


def _length(data: Any) -> int | None:
    try:
        return len(data)
    except (TypeError, NotImplementedError):  # an iterable without an end, or that cannot tell
        return None

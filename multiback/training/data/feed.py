"""Feed: a data source cut into epochs, as the training loop reads it."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Generator
from contextlib import closing
from types import TracebackType
from typing import Any

from multiback.errors import DataError
from multiback.training.data.batch import Batch, Group
from multiback.training.data.source import DataSource, Size

Steps = Generator[tuple[int, Batch], None, None]


class Feed:
    """Numbered batches, epoch by epoch; a context manager that ends the source's workers.

    With `steps_per_epoch`, a pass over the data spans several epochs, and an epoch ends early, with a warning, where
    the pass ends (as in Keras). Epoch e then begins at batch `(e mod E) * steps_per_epoch` of pass `e div E`, where E
    is the number of epochs per pass: the order depends on the epoch alone, so a run can be resumed anywhere.

    Args:
        source: Where the batches come from.
        steps_per_epoch: Batches per epoch; one whole pass when not given.

    Attributes:
        steps: Batches in an epoch, or None while that is not known.

    Raises:
        DataError: if `steps_per_epoch` is not a positive integer.
    """

    def __init__(
        self, source: DataSource, steps_per_epoch: int | None = None, *, argument: str = "steps_per_epoch"
    ) -> None:
        self.source = source
        self._argument = argument
        self._per_epoch = None if steps_per_epoch is None else positive(steps_per_epoch, argument)
        self._served = 0
        self._ended = False
        self.steps = self._per_epoch or source.steps

    @property
    def batch_size(self) -> int | None:
        """Samples per batch, or None when the source decides."""
        return self.source.batch_size

    @property
    def num_samples(self) -> int | None:
        """Samples in one pass, or None when not known."""
        return self.source.num_samples

    def peek(self) -> Batch:
        """A first batch, for building the model; the epochs still serve it."""
        return self.source.peek()

    def ready(self) -> bool:
        """Whether another epoch can begin; False, with a warning, once a generator has ended."""
        if self._served == 0 and not self.source.available():
            self.source.peek()  # raises the error that says so
        if self.source.available():
            return True
        self._warn_ended("the remaining epochs are left out")
        return False

    def epoch(self, epoch: int, start: int = 0) -> Steps:
        """Pairs of step and batch, from step `start` of the epoch; stopping early frees the workers."""
        with closing(self.groups(epoch, lambda: 1, start)) as groups:
            for step, group in groups:
                yield step, group.batch

    def groups(self, epoch: int, size: Size, start: int = 0) -> Generator[tuple[int, Group], None, None]:
        """As `epoch`, with `size()` batches at a time where so many of one shape follow each other."""
        number, offset, stop = self._range(epoch)
        self.source.on_epoch_begin()
        step = start
        with closing(self.source.groups(number, size, offset + start, stop)) as groups:
            for group in groups:
                self._served += group.steps
                yield step, group
                step += group.steps
        self.source.on_epoch_end()
        if self._per_epoch is None:
            self.steps = self.source.steps or step
        elif step < self._per_epoch:
            self._warn_ended("this epoch ends early")

    def close(self) -> None:
        """End the source's workers."""
        self.source.close()

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _range(self, epoch: int) -> tuple[int, int, int | None]:
        """Which pass, from which of its batches, up to which."""
        if self._per_epoch is None:
            return epoch, 0, None
        if self.source.steps is None:
            first = epoch * self._per_epoch if self.source.seekable else 0
            return (0 if self.source.seekable else epoch), first, first + self._per_epoch
        number, part = divmod(epoch, math.ceil(self.source.steps / self._per_epoch))
        offset = part * self._per_epoch
        return number, offset, min(offset + self._per_epoch, self.source.steps)

    def _warn_ended(self, consequence: str) -> None:
        if not self._ended:
            self._ended = True
            warnings.warn(
                f"The data ended before {self._argument} * epochs batches were drawn; {consequence}. "
                "Give fewer steps or epochs, or data that goes on.",
                stacklevel=3,
            )


def positive(value: Any, argument: str) -> int:
    """The value as an int.

    Raises:
        DataError: if it is not an integer of at least 1.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise DataError(f"{argument} is an integer of at least 1, got {value!r}.")
    return int(value)

"""DataSource: what every kind of training data offers to the loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import closing

import numpy as np

from multiback import tree
from multiback.training.data.batch import Batch, Group, leaves_of

Batches = Generator[Batch, None, None]
Groups = Generator[Group, None, None]
Size = Callable[[], int]


class DataSource(ABC):
    """Batches on the host, in a reproducible order.

    Attributes:
        steps: Batches in one pass, or None when that is not known (yet) or there is no end.
        num_samples: Samples in one pass, or None when not known.
        batch_size: Samples per batch, or None when the source decides.
        seekable: Whether any batch of any pass can be asked for; otherwise batches come one after the other.
    """

    steps: int | None = None
    num_samples: int | None = None
    batch_size: int | None = None
    seekable: bool = True

    @abstractmethod
    def batches(self, epoch: int, start: int = 0, stop: int | None = None) -> Batches:
        """The batches `start` to `stop` of the pass numbered `epoch`; closing the generator frees its workers."""

    @abstractmethod
    def peek(self) -> Batch:
        """A first batch, for building the model; it will still be served by `batches`."""

    def groups(self, epoch: int, size: Size, start: int = 0, stop: int | None = None) -> Groups:
        """The same batches, `size()` at a time where so many of one shape follow each other, else one at a time."""
        waiting: list[Batch] = []
        wanted = 1
        with closing(self.batches(epoch, start, stop)) as batches:
            for batch in batches:
                if waiting and not _alike(waiting[0], batch):
                    yield from (Group(1, b) for b in waiting)
                    waiting = []
                if not waiting:
                    wanted = size()
                waiting.append(batch)
                if len(waiting) == wanted:
                    yield _joined(waiting)
                    waiting = []
        yield from (Group(1, b) for b in waiting)

    def available(self) -> bool:
        """Whether another batch can be had; False only for what can be read once and has been."""
        return True

    def on_epoch_begin(self) -> None:  # noqa: B027
        """Called before the first batch of an epoch."""

    def on_epoch_end(self) -> None:  # noqa: B027
        """Called after the last batch of a complete epoch."""

    def close(self) -> None:  # noqa: B027
        """End whatever the source has running."""


def _alike(a: Batch, b: Batch) -> bool:
    kinds = [[None if x is None else (x.shape, x.dtype) for x in leaves_of(batch)] for batch in (a, b)]
    return kinds[0] == kinds[1]


def _joined(batches: list[Batch]) -> Group:
    if len(batches) == 1:
        return Group(1, batches[0])
    parts = tree.map(lambda *a: None if a[0] is None else np.stack(a), *map(tuple, batches))
    return Group(len(batches), Batch(*parts))

"""PyDataset: data cut into batches by Python code, loaded by parallel workers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any


class PyDataset:
    """Data given batch by batch: subclass it with `__len__` (number of batches) and `__getitem__` (one batch).

    `fit` asks for every index once per epoch, in a reproducible shuffled order if `shuffle=True`. With `workers > 1`,
    that many threads call `__getitem__` ahead of the training step; with `use_multiprocessing=True`, that many
    processes (started afresh, never forked, so the class must be importable and its instances picklable). An exception
    raised in `__getitem__` surfaces in `fit` when its batch is due. Iterating over the object yourself uses no workers.

    For endless data override `num_batches` to return None, and give `fit` a `steps_per_epoch`.

    Args:
        workers: Threads or processes that load batches; 0 or 1 thread means that `fit` itself loads them.
        use_multiprocessing: Whether the workers are processes.
        max_queue_size: Batches loaded ahead at most.

    Example:
        >>> import numpy as np
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         x = np.arange(4, dtype="float32") + 4 * index
        ...         return x, x**2
        >>> [float(y.sum()) for x, y in Squares()]
        [14.0, 126.0, 366.0]
    """

    # Class-level defaults: a subclass that forgets super().__init__() works as with no arguments.
    _workers = 1
    _use_multiprocessing = False
    _max_queue_size = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self._workers = workers
        self._use_multiprocessing = use_multiprocessing
        self._max_queue_size = max_queue_size

    @property
    def workers(self) -> int:
        """Threads or processes that load batches."""
        return self._workers

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Whether the workers are processes."""
        return self._use_multiprocessing

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = value

    @property
    def max_queue_size(self) -> int:
        """Batches loaded ahead at most."""
        return self._max_queue_size

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    @property
    def num_batches(self) -> int | None:
        """Batches per epoch, or None when the data has no end."""
        return len(self)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> Any:
        """The batch at `index`: x, `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index), which returns one batch.")

    def __iter__(self) -> Iterator[Any]:
        total = self.num_batches
        for index in count() if total is None else range(total):
            yield self[index]

    def on_epoch_begin(self) -> None:
        """Called before the first batch of every epoch."""

    def on_epoch_end(self) -> None:
        """Called after the last batch of every complete epoch, when no worker is loading."""

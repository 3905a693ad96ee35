"""Batches of a PyDataset, loaded by the calling thread, by threads, or by processes."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

from multiback.errors import DataError
from multiback.training.data.arrays import Permutation
from multiback.training.data.batch import Batch, Preparation
from multiback.training.data.source import Batches, DataSource
from multiback.training.data.workers import WorkerProcess, load_ahead
from multiback.utils.py_dataset import PyDataset


class PyDatasetSource(DataSource):
    """The batches of a PyDataset, in shuffled order if asked; an endless one is never shuffled.

    Args:
        dataset: A PyDataset, or an object with its methods and attributes.
        preparation: Checks and converts each batch; runs in the worker threads.
        shuffle: Whether each epoch takes the batches in the order of `permutation(batches, epoch)`.
        permutation: Gives the order of an epoch.
        name: How messages name the data.
    """

    def __init__(
        self, dataset: Any, preparation: Preparation, *, shuffle: bool, permutation: Permutation | None, name: str
    ) -> None:
        self._dataset = dataset
        self._prepare = preparation
        self._permutation = permutation if shuffle else None
        self._name = name
        self._processes: list[WorkerProcess] = []
        self.steps = dataset.num_batches if hasattr(dataset, "num_batches") else len(dataset)
        if self.steps is not None and self.steps <= 0:
            raise DataError(f"{name} is empty: it has {self.steps} batches.")

    def batches(self, epoch: int, start: int = 0, stop: int | None = None) -> Batches:
        if self.steps is None and stop is None:
            raise DataError(f"{self._name} has no end (num_batches is None): pass steps_per_epoch.")
        indices = range(start, self.steps if stop is None else stop)  # type: ignore[arg-type]
        if self._permutation is not None and self.steps is not None:
            indices = self._permutation(self.steps, epoch)[indices.start : indices.stop].tolist()
        loaders = self._loaders()
        if len(loaders) == 1 and not self._processes:
            yield from map(loaders[0], indices)
            return
        with closing(load_ahead(loaders, indices, self._dataset.max_queue_size)) as items:
            try:
                yield from items
            except BaseException:  # a process may still be busy with an item nobody wants
                self.close()
                raise

    def peek(self) -> Batch:
        return self._load(0, self._dataset.__getitem__)

    def on_epoch_begin(self) -> None:
        if hasattr(self._dataset, "on_epoch_begin"):
            self._dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        # The number of batches may change here.
        self._dataset.on_epoch_end()
        self.steps = self._dataset.num_batches if hasattr(self._dataset, "num_batches") else len(self._dataset)

    def close(self) -> None:
        while self._processes:
            self._processes.pop().close()

    def _load(self, index: int, get: Callable[[int], Any]) -> Batch:
        return self._prepare.unpack(get(index), f"Batch {index} of {self._name}")

    def _loaders(self) -> list[Callable[[int], Batch]]:
        workers = self._dataset.workers
        if workers > 0 and self._dataset.use_multiprocessing:
            self._send_to_processes(workers)
            return [partial(self._load, get=process.load) for process in self._processes]
        return [partial(self._load, get=self._dataset.__getitem__)] * max(workers, 1)

    def _send_to_processes(self, workers: int) -> None:
        try:
            content = pickle.dumps(self._dataset)
        except Exception as error:
            raise DataError(
                f"{self._name} cannot be pickled for worker processes ({error}): "
                "use threads (use_multiprocessing=False), or open files in __getitem__."
            ) from error
        while len(self._processes) < workers:
            self._processes.append(WorkerProcess())
        for process in self._processes:
            process.use(content)


def is_py_dataset(value: Any) -> bool:
    """Whether `value` is a PyDataset, of this package or of another with the same interface."""
    interface = ("__getitem__", "on_epoch_end", "workers", "use_multiprocessing", "max_queue_size")
    return isinstance(value, PyDataset) or all(hasattr(value, name) for name in interface)

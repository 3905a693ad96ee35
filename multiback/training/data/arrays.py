"""Batches of arrays in memory: one index-take per batch, or a view when the order is that of the array."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import tree
from multiback.dtypes import DType
from multiback.errors import ArgumentError, DataError
from multiback.training.data.batch import Batch, Group, num_samples
from multiback.training.data.source import Batches, DataSource, Groups, Size
from multiback.training.data.standardize import cast, narrowed

Permutation = Callable[[int, int], np.ndarray]


class ArraySource(DataSource):
    """Arrays cut into batches along their first axis; the last batch may be smaller.

    Args:
        data: Whole arrays, as `Preparation.batch` returns them.
        batch_size: Samples per batch.
        shuffle: True takes the samples of each epoch in the order of `permutation(samples, epoch)`; "batch" keeps every
            batch a contiguous run of samples and shuffles their order by `permutation(batches, epoch)`.
        permutation: Gives the order of an epoch; needed to shuffle.
        float_dtype: What float64 arrays become.
    """

    def __init__(
        self,
        data: Batch,
        batch_size: int,
        shuffle: bool | str,
        permutation: Permutation | None,
        float_dtype: DType,
    ) -> None:
        if shuffle not in (True, False, "batch"):
            raise ArgumentError(f"shuffle is True, False or 'batch', got {shuffle!r}.")
        if shuffle and permutation is None:
            raise ArgumentError("Shuffling needs a permutation function.")
        self.num_samples: int = num_samples(data)
        self.batch_size: int = batch_size
        self.steps: int = math.ceil(self.num_samples / batch_size)
        self._shuffle = shuffle
        self._permutation = permutation
        self._leaves, self._structure = tree.flatten(data)
        self._plain = all(part is None or isinstance(part, np.ndarray) for part in data)
        targets = [None if leaf is None else narrowed(leaf.dtype, float_dtype) for leaf in self._leaves]
        self._casts = [t if t is not None and t != a.dtype else None for a, t in zip(self._leaves, targets)]

    def batches(self, epoch: int, start: int = 0, stop: int | None = None) -> Batches:
        for group in self.groups(epoch, lambda: 1, start, stop):
            yield group.batch

    def groups(self, epoch: int, size: Size, start: int = 0, stop: int | None = None) -> Groups:
        order = self._order(epoch)
        last = self.steps if stop is None else stop
        small = self._small_batch(order)
        step = start
        while step < last:
            steps = size()
            if steps > 1 and (step + steps > last or step <= small < step + steps):
                steps = 1
            yield Group(steps, self._rows(self._index(order, step, steps), steps))
            step += steps

    def peek(self) -> Batch:
        return self._rows(slice(0, self.batch_size))

    def _order(self, epoch: int) -> np.ndarray | None:
        """The order of the samples, or of the batches when those are shuffled; None for that of the arrays."""
        if not self._shuffle or self._permutation is None:
            return None
        return self._permutation(self.num_samples if self._shuffle is True else self.steps, epoch)

    def _small_batch(self, order: np.ndarray | None) -> int:
        """The step whose batch has fewer samples than the others; -1 if there is none."""
        if self.num_samples % self.batch_size == 0:
            return -1
        if order is None or self._shuffle is True:
            return self.steps - 1
        return int(np.flatnonzero(order == self.steps - 1)[0])

    def _index(self, order: np.ndarray | None, step: int, steps: int) -> Any:
        """The rows of `steps` batches from `step` on: a slice or indices."""
        size = self.batch_size
        if order is None:
            return slice(step * size, (step + steps) * size)
        if self._shuffle is True:
            return order[step * size : (step + steps) * size]
        if steps == 1:
            return slice(order[step] * size, (order[step] + 1) * size)
        return (order[step : step + steps, None] * size + np.arange(size)).ravel()

    def _rows(self, index: Any, steps: int = 1) -> Batch:
        rows = []
        for leaf, target in zip(self._leaves, self._casts):
            if leaf is not None:
                # take() is quicker than indexing for small batches, and "clip" than a look at the range.
                leaf = leaf[index] if isinstance(index, slice) else leaf.take(index, axis=0, mode="clip")
                if target is not None:
                    leaf = cast(leaf, target, "the data")
                if steps > 1:
                    leaf = leaf.reshape(steps, -1, *leaf.shape[1:])
            rows.append(leaf)
        return Batch(*rows) if self._plain else tree.unflatten(self._structure, rows)


def split_validation(data: Batch, fraction: float) -> tuple[Batch, Batch]:
    """The first samples for training and the last `fraction` of them for validation, as views.

    Raises:
        DataError: if the fraction is not between 0 and 1, or leaves one of the two without samples.
    """
    if not 0 < fraction < 1:
        raise DataError(f"validation_split is a fraction between 0 and 1, got {fraction}.")
    total = num_samples(data)
    cut = math.floor(total * (1 - fraction))
    if cut in (0, total):
        raise DataError(
            f"validation_split={fraction} of {total} samples leaves {cut} to train on and {total - cut} to validate "
            "on. Choose another fraction, or give more data."
        )
    part = lambda rows: tree.map(lambda leaf: None if leaf is None else leaf[rows], data)  # noqa: E731
    return part(slice(0, cut)), part(slice(cut, total))

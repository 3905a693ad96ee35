"""Batches of arrays in memory: one index-take per batch, or a view when the order is that of the array."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import tree
from multiback.dtypes import DType
from multiback.errors import ArgumentError, DataError
from multiback.training.data.batch import Batch, num_samples
from multiback.training.data.source import Batches, DataSource
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
        self._float_dtype = float_dtype

    def batches(self, epoch: int, start: int = 0, stop: int | None = None) -> Batches:
        order = self._order(epoch)
        for step in range(start, self.steps if stop is None else stop):
            yield self._rows(order(step))

    def peek(self) -> Batch:
        return self._rows(slice(0, self.batch_size))

    def _order(self, epoch: int) -> Callable[[int], Any]:
        size = self.batch_size
        if not self._shuffle or self._permutation is None:
            return lambda step: slice(step * size, (step + 1) * size)
        order = self._permutation(self.num_samples if self._shuffle is True else self.steps, epoch)
        if self._shuffle is True:
            return lambda step: order[step * size : (step + 1) * size]
        return lambda step: slice(order[step] * size, (order[step] + 1) * size)

    def _rows(self, index: Any) -> Batch:
        rows = []
        for leaf in self._leaves:
            if leaf is not None:
                # take() is about a third faster than indexing for small batches.
                leaf = leaf[index] if isinstance(index, slice) else leaf.take(index, axis=0)
                if (target := narrowed(leaf.dtype, self._float_dtype)) != leaf.dtype:
                    leaf = cast(leaf, target, "the data")
            rows.append(leaf)
        return tree.unflatten(self._structure, rows)


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

"""Batch: inputs, targets and sample weights, checked and converted to NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from multiback import tree
from multiback.dtypes import DType, as_dtype, float32
from multiback.errors import DataError
from multiback.training.data.standardize import Tree, named_leaves, to_arrays
from multiback.training.data.weights import check_sample_weight, weigh_classes


class Batch(NamedTuple):
    """Inputs, targets and sample weights: trees of NumPy arrays with one length along their first axes."""

    x: Tree
    y: Tree = None
    sample_weight: Tree = None


class Group(NamedTuple):
    """Batches that go through a step in one call.

    Attributes:
        steps: How many.
        batch: The batch; of several, each array has one more axis in front, which counts the steps.
    """

    steps: int
    batch: Batch

    def single(self) -> list[Batch]:
        """The batches one by one."""
        if self.steps == 1:
            return [self.batch]
        return [
            Batch(*tree.map(lambda a, i=i: None if a is None else a[i], tuple(self.batch))) for i in range(self.steps)
        ]


def leaves_of(batch: Batch) -> Sequence[Any]:
    """The arrays of a batch, None where there are none, from left to right."""
    for part in batch:
        if part is not None and type(part) is not np.ndarray:
            return tree.leaves(tuple(batch))
    return batch


@dataclass(frozen=True)
class Preparation:
    """How raw data becomes a `Batch`.

    Args:
        float_dtype: What float64 data becomes.
        to_numpy: Converts the native tensors found in the data.
        class_weight: Weight of each class of integer or one-hot targets.
        prefix: Put before the names x, y and sample_weight in messages.
    """

    float_dtype: DType = float32
    to_numpy: Callable[[Any], np.ndarray] = np.asarray
    class_weight: Mapping[int, float] | None = None
    prefix: str = ""

    def batch(self, x: Tree, y: Tree = None, sample_weight: Tree = None, *, narrow: bool = True) -> Batch:
        """Check and convert one batch, or whole arrays.

        Args:
            narrow: False leaves very large arrays in their dtype, to be narrowed batch by batch.

        Raises:
            DataError: for data that cannot be trained on, in the order in which it was given.
        """
        given = Batch(x, y, sample_weight)
        arrays = Batch(
            *(
                to_arrays(part, f"{self.prefix}{name}", self.float_dtype, self.to_numpy, narrow=narrow)
                for name, part in zip(Batch._fields, given)
            )
        )
        if not named_leaves(arrays.x, "x"):
            raise DataError(f"{self.prefix}x holds no arrays: got {x!r}.")
        self._check_lengths(arrays)
        _check_targets(arrays.y, f"{self.prefix}y")
        weights = check_sample_weight(arrays.sample_weight, arrays.y, f"{self.prefix}sample_weight", self.float_dtype)
        return self.weigh(arrays._replace(sample_weight=weights))

    def weigh(self, batch: Batch) -> Batch:
        """Turn `class_weight` into one weight per sample."""
        if self.class_weight is None:
            return batch
        if batch.sample_weight is not None:
            raise DataError("class_weight and sample_weight cannot be used together: multiply them into sample_weight.")
        return batch._replace(sample_weight=weigh_classes(batch.y, self.class_weight, self.float_dtype))

    def unpack(self, item: Any, origin: str) -> Batch:
        """The batch in what a dataset or generator gave: x, `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""
        if not isinstance(item, tuple | list) or hasattr(item, "_fields"):
            item = (item,)
        if not 1 <= len(item) <= 3:
            raise DataError(
                f"{origin} is a {type(item).__name__} of {len(item)} items: "
                "expected (x,), (x, y) or (x, y, sample_weight)."
            )
        try:
            return self.batch(*item)
        except DataError as error:
            raise DataError(f"{origin}: {error}") from None

    def _check_lengths(self, arrays: Batch) -> None:
        lengths = {
            name: len(leaf)
            for part, value in zip(Batch._fields, arrays)
            for name, leaf in named_leaves(value, f"{self.prefix}{part}")
        }
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise DataError(f"Arrays differ in their number of samples: {shown}. Their first axes must be equal.")
        name, length = next(iter(lengths.items()))
        if length == 0:
            raise DataError(f"{name} is empty: there are no samples to use.")


def num_samples(batch: Batch) -> int:
    """Length of the first axis."""
    return len(next(leaf for leaf in tree.leaves(batch.x) if leaf is not None))


def _check_targets(y: Tree, name: str) -> None:
    for leaf_name, leaf in named_leaves(y, name):
        if as_dtype(leaf.dtype).is_float and np.isnan(leaf).any():
            where = tuple(int(i) for i in np.argwhere(np.isnan(leaf))[0])
            raise DataError(
                f"{leaf_name} is NaN at {list(where)}: targets must be numbers. "
                "Drop those samples, or give them sample_weight 0 and any finite target."
            )

"""From the arguments of `fit`, `evaluate` and `predict` to feeds."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from multiback.dtypes import as_dtype
from multiback.errors import DataError
from multiback.training.data.arrays import ArraySource, Permutation, split_validation
from multiback.training.data.batch import Batch, Preparation, num_samples
from multiback.training.data.feed import Feed, positive
from multiback.training.data.py_dataset import PyDatasetSource, is_py_dataset
from multiback.training.data.source import DataSource
from multiback.training.data.standardize import is_array_like
from multiback.training.data.streams import StreamSource

ToNumpy = Callable[[Any], np.ndarray]

_DEFAULT_BATCH_SIZE = 32


def make_batch(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    class_weight: Mapping[int, float] | None = None,
    float_dtype: str = "float32",
    to_numpy: ToNumpy = np.asarray,
) -> Batch:
    """One checked batch, for `train_on_batch` and its relatives.

    Raises:
        DataError: for data that cannot be trained on.
    """
    return Preparation(as_dtype(float_dtype), to_numpy, class_weight).batch(x, y, sample_weight)


def make_feed(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
    permutation: Permutation | None = None,
    float_dtype: str = "float32",
    to_numpy: ToNumpy = np.asarray,
    prefix: str = "",
    steps_argument: str = "steps",
) -> Feed:
    """The feed of arrays, a generator, a PyDataset, or another iterable of batches.

    Args:
        x: Arrays in any structure, or a source of batches (then y and sample_weight come from it).
        y: Targets.
        sample_weight: Weight of each sample, or one array per target.
        batch_size: Samples per batch of arrays; 32, or as many as make `steps` batches.
        steps: Batches per epoch.
        shuffle: True, False or "batch"; generators and iterables come in their own order.
        class_weight: Weight of each class.
        permutation: `permutation(n, epoch)` gives the order of an epoch.
        float_dtype: What float64 data becomes.
        to_numpy: Converts native tensors.
        prefix: Put before x, y and sample_weight in messages.
        steps_argument: How messages name `steps`.

    Raises:
        DataError: for data that cannot be trained on.
    """
    prepare = Preparation(as_dtype(float_dtype), to_numpy, class_weight, prefix)
    if is_array_like(x):
        whole = prepare.batch(x, y, sample_weight, narrow=False)
        if batch_size is None:
            per_step = math.ceil(num_samples(whole) / positive(steps, steps_argument)) if steps else None
            batch_size = per_step or _DEFAULT_BATCH_SIZE
        source = ArraySource(whole, positive(batch_size, "batch_size"), shuffle, permutation, prepare.float_dtype)
        return Feed(source, steps, argument=steps_argument)
    _refuse_beside_source(x, prefix, y=y, sample_weight=sample_weight)
    if batch_size is not None:
        warnings.warn(f"batch_size={batch_size} is ignored: {_kind(x)} makes its own batches.", stacklevel=3)
    return Feed(_source(x, prepare, shuffle, permutation), steps, argument=steps_argument)


def make_training_feeds(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps_per_epoch: int | None = None,
    shuffle: bool | str = True,
    class_weight: Mapping[int, float] | None = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    validation_batch_size: int | None = None,
    validation_steps: int | None = None,
    permutation: Permutation | None = None,
    float_dtype: str = "float32",
    to_numpy: ToNumpy = np.asarray,
) -> tuple[Feed, Feed | None]:
    """The feeds of training and of validation data, from the arguments of `fit`.

    `validation_split` takes the last samples, before any shuffling; `validation_data` goes before it. Class weights
    apply to training data only.

    Raises:
        DataError: for data that cannot be trained on.
    """
    common: dict[str, Any] = {"float_dtype": float_dtype, "to_numpy": to_numpy}
    if validation_split and validation_data is None:
        if not is_array_like(x):
            raise DataError(f"validation_split needs arrays, got {_kind(x)}: pass validation_data instead.")
        whole = Preparation(as_dtype(float_dtype), to_numpy).batch(x, y, sample_weight, narrow=False)
        (x, y, sample_weight), validation_data = split_validation(whole, validation_split)
    training = make_feed(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        steps=steps_per_epoch,
        shuffle=shuffle,
        class_weight=class_weight,
        permutation=permutation,
        steps_argument="steps_per_epoch",
        **common,
    )
    if validation_data is None:
        return training, None
    given = validation_data if isinstance(validation_data, tuple | list) else (validation_data,)
    if not 1 <= len(given) <= 3:
        raise DataError(f"validation_data is (x,), (x, y) or (x, y, sample_weight), got {len(given)} items.")
    if validation_batch_size is None and is_array_like(given[0]):
        validation_batch_size = batch_size
    validation = make_feed(
        *given,
        batch_size=validation_batch_size,
        steps=validation_steps,
        prefix="validation ",
        steps_argument="validation_steps",
        **common,
    )
    return training, validation


def _source(x: Any, prepare: Preparation, shuffle: bool | str, permutation: Permutation | None) -> DataSource:
    if isinstance(x, DataSource):
        return x
    if is_py_dataset(x):
        name = f"the dataset {type(x).__name__}"
        return PyDatasetSource(x, prepare, shuffle=bool(shuffle), permutation=permutation, name=name)
    if hasattr(type(x), "__iter__"):
        return StreamSource(x, prepare, _kind(x))
    remedy = ""
    if inspect.isgeneratorfunction(x):
        remedy = f" Call it: {x.__name__}()."
    elif hasattr(x, "__getitem__"):
        remedy = " To use its items as batches, make it a multiback.utils.PyDataset."
    raise DataError(
        f"{prepare.prefix}x is {_kind(x)}: expected arrays, a dict or list of arrays, a generator, a PyDataset, or an "
        f"iterable of batches.{remedy}"
    )


def _refuse_beside_source(x: Any, prefix: str, **given: Any) -> None:
    for name, value in given.items():
        if value is not None:
            fields = ", ".join(Batch._fields)
            raise DataError(f"{prefix}{name} cannot be given beside {_kind(x)}: it must yield ({fields}).")


def _kind(x: Any) -> str:
    """`the generator`, `the iterator`, `the function`, or `the DataLoader`."""
    if inspect.isgenerator(x):
        return "the generator"
    if inspect.isfunction(x):
        return f"the function {x.__name__}"
    return f"the {type(x).__name__}"

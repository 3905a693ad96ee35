"""Sample weights: checked as given, or made from class weights."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback import tree
from multiback.dtypes import DType
from multiback.errors import DataError
from multiback.training.data.standardize import Tree, named_leaves


def check_sample_weight(weights: Tree, y: Tree, name: str, float_dtype: DType) -> Tree:
    """Sample weights as floats, one array per target.

    One array of shape (samples,) or (samples, 1) serves every target of a model with several.

    Raises:
        DataError: for weights that are negative, NaN or infinite, or whose structure is not that of the targets.
    """
    if weights is None:
        return None
    for leaf_name, leaf in named_leaves(weights, name):
        wrong = ~np.isfinite(leaf) | (leaf < 0)
        if wrong.any():
            where = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise DataError(f"{leaf_name} is {leaf[where]} at {list(where)}: weights are finite and not negative.")
    weights = tree.map(lambda leaf: _as_float(leaf, float_dtype), weights)
    if y is None or not isinstance(y, Mapping | list | tuple):
        return weights
    if isinstance(weights, np.ndarray):
        if weights.ndim != 1 and weights.shape[1:] != (1,):
            raise DataError(
                f"{name} of shape {weights.shape} cannot serve several targets: "
                "pass shape (samples,), or one array per target."
            )
        return tree.map(lambda _: weights, y)
    if _names(weights, "") != _names(y, ""):
        raise DataError(f"{name} must be built like y: {_names(y, 'y')}, got {_names(weights, name)}.")
    return weights


def weigh_classes(y: Tree, class_weight: Mapping[int, float], float_dtype: DType) -> np.ndarray:
    """The weight of each sample's class.

    Args:
        y: Integer classes of shape (samples,) or (samples, 1), or one row of class scores (one-hot) per sample.
        class_weight: Weight of every class that occurs.
        float_dtype: dtype of the result.

    Returns:
        Array of shape (samples,).

    Raises:
        DataError: if a class has no weight, a weight is negative or not finite, or the targets are no classes.
    """
    if not isinstance(class_weight, Mapping) or not class_weight:
        raise DataError(f"class_weight is a dict of class to weight, such as {{0: 1.0, 1: 5.0}}, got {class_weight!r}.")
    for key, weight in class_weight.items():
        if not isinstance(key, numbers.Integral):
            raise DataError(f"class_weight is keyed by integer classes, got the key {key!r}.")
        if not np.isfinite(weight) or weight < 0:
            raise DataError(f"class_weight[{key!r}] is {weight}: weights are finite and not negative.")
    classes = _classes(y)
    known = np.array(sorted(class_weight))
    position = np.minimum(np.searchsorted(known, classes), len(known) - 1)
    missing = known[position] != classes
    if missing.any():
        absent = sorted({int(c) for c in classes[missing]})
        raise DataError(
            f"class_weight has no weight for class {', '.join(map(str, absent[:10]))}, which y contains. "
            "Add it; 1.0 leaves a class as it is."
        )
    weights = np.array([class_weight[key] for key in sorted(class_weight)], dtype=float_dtype.numpy)
    return weights[position]


def _classes(y: Any) -> np.ndarray:
    if not isinstance(y, np.ndarray):
        raise DataError("class_weight needs one array of targets; for several, make a sample_weight for each.")
    if y.ndim == 2 and y.shape[1] > 1:
        if y.dtype.kind in "iu" and y.max() > 1:
            raise DataError(f"class_weight needs one class per sample, got integer targets of shape {y.shape}.")
        return y.argmax(axis=1)
    if y.ndim > 2 or (y.ndim == 2 and y.shape[1] != 1):
        raise DataError(f"class_weight needs targets of shape (samples,) or (samples, classes), got {y.shape}.")
    classes = y.reshape(-1).astype("int64")
    if not np.array_equal(classes, y.reshape(-1)):
        raise DataError("class_weight needs integer classes, got targets with fractions: pass a sample_weight instead.")
    return classes


def _as_float(leaf: np.ndarray | None, float_dtype: DType) -> np.ndarray | None:
    if leaf is None or leaf.dtype.kind == "f":
        return leaf
    return leaf.astype(float_dtype.numpy)


def _names(structure: Tree, name: str) -> list[str]:
    return [leaf_name for leaf_name, _ in named_leaves(structure, name)]

"""Whether a batch fits a model: checked once before any weight changes, with the same words on every backend."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import losses, tree
from multiback.errors import DataError
from multiback.training.data import Batch, check_against


def check_batch(model: Any, batch: Batch) -> None:
    """Checks names, ranks and sizes of the inputs, and the range of labels and ids.

    Raises:
        DataError: naming the input or target, what was expected and what was given.
    """
    inputs = getattr(model, "_inputs_struct", None)
    if inputs is None and getattr(model, "_functional", None) is not None:
        inputs = model._functional._inputs_struct
    if inputs is not None:
        check_against(_named(inputs), batch.x, "input")
        _check_ids(model, batch)
    check_labels(model, batch)


def _named(inputs: Any) -> Any:
    return tree.map(lambda x: _InputShape(x.node.layer.name if x.node else x.name, x.shape, x.dtype), inputs)


class _InputShape:
    def __init__(self, name: str, shape: Any, dtype: Any) -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype


def _check_ids(model: Any, batch: Batch) -> None:
    """Ids that go straight into an Embedding must be inside its table."""
    functional = getattr(model, "_functional", None) or model
    arrays = dict(zip(functional.input_names, tree.leaves(batch.x)))
    for node in functional._nodes:
        size = getattr(node.layer, "input_dim", None)
        if not isinstance(size, int) or len(node.inputs) != 1 or type(node.layer).__name__ != "Embedding":
            continue
        source = node.inputs[0].node
        array = arrays.get(source.layer.name) if source else None
        if array is not None and array.size:
            _check_range(array, size, f"Embedding {node.layer.name!r} has {size} rows; input {source.layer.name!r}")


def check_labels(model: Any, batch: Batch) -> None:
    """Integer labels of sparse categorical losses must be valid classes."""
    objective = model._objective
    if objective is None or batch.y is None:
        return
    try:
        outputs = dict(zip(model.output_names, model.outputs))
    except (AttributeError, RuntimeError):
        return
    objective.resolve(list(outputs))
    from multiback.training.objectives import pair_outputs

    predictions = tree.leaves(list(outputs.values()))
    for name, target, prediction, _ in pair_outputs(list(outputs), batch.y, predictions, None):
        loss = objective.by_output.get(name)
        if target is None or not isinstance(loss, losses.SparseCategoricalCrossentropy):
            continue
        classes = prediction.shape[getattr(loss, "axis", -1) or -1]
        if classes is not None and target.size:
            ignored = getattr(loss, "ignore_class", None)
            labels = target if ignored is None else target[target != ignored]
            _check_range(labels, classes, f"Output {name!r} has {classes} classes; target")


def _check_range(array: np.ndarray, size: int, text: str) -> None:
    if not array.size:
        return
    low, high = array.min(), array.max()
    if low >= 0 and high < size and (array.dtype.kind != "f" or not np.isnan(low)):
        return
    bad = np.argwhere(~((array >= 0) & (array < size)))[0]
    index = ", ".join(map(str, bad))
    raise DataError(f"{text} [{index}] is {array[tuple(bad)]}. Values must be integers from 0 to {size - 1}.")

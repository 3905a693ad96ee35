"""Sequences and optional values: lists that are known while the graph is built, of values that need not be."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback_onnx.importer.node import Node, array, axis_index
from multiback_onnx.importer.registry import handler


@handler("SequenceEmpty", 11)
def sequence_empty(node: Node) -> Any:
    """No elements."""
    return []


@handler("SequenceConstruct", 11)
def sequence_construct(node: Node, *values: Any) -> Any:
    """A list of values."""
    return list(values)


def _index(node: Node, position: Any, default: int) -> int:
    return (
        default
        if position is None
        else node.integers(np.reshape(node.known(position, "position"), (-1,)), "position")[0]
    )


@handler("SequenceInsert", 11)
def sequence_insert(node: Node, values: Any, value: Any, position: Any = None) -> Any:
    """A list with one more value."""
    result = list(values)
    result.insert(_index(node, position, len(result)), value)
    return result


@handler("SequenceErase", 11)
def sequence_erase(node: Node, values: Any, position: Any = None) -> Any:
    """A list without one of its values."""
    result = list(values)
    del result[_index(node, position, -1)]
    return result


@handler("SequenceAt", 11)
def sequence_at(node: Node, values: Any, position: Any) -> Any:
    """One value of a list."""
    return values[_index(node, position, 0)]


@handler("SequenceLength", 11)
def sequence_length(node: Node, values: Any) -> Any:
    """How many values there are."""
    return np.asarray(len(values), np.int64)


@handler("SplitToSequence", 11)
def split_to_sequence(node: Node, x: Any, sizes: Any = None) -> Any:
    """Parts of an array along an axis."""
    x = array(x)
    axis = axis_index(node.get("axis", 0), x.ndim)
    total = x.shape[axis]
    if not isinstance(total, int):
        raise node.refuse("an axis whose size is not known cannot be split.")
    if sizes is None:
        parts, drop = [1] * total, not node.get("keepdims", 1)
    else:
        given, drop = node.known(sizes, "sizes"), False
        if given.ndim:
            parts = [int(n) for n in given]
        else:
            each = int(given)
            parts = [min(each, total - i) for i in range(0, total, each)]
    bounds = np.cumsum(parts)[:-1].tolist()
    found = ops.split(x, bounds, axis) if bounds else (x,)
    return [ops.squeeze(p, axis) if drop else p for p in found]


@handler("ConcatFromSequence", 11)
def concat_from_sequence(node: Node, values: Any) -> Any:
    """The values joined along an axis, which may be new."""
    axis = node.attributes["axis"]
    return (ops.stack if node.get("new_axis", 0) else ops.concat)([array(v) for v in values], axis)


class _Nothing:
    """An optional value that is not there."""


@handler("Optional", 15)
def optional(node: Node, value: Any = None) -> Any:
    """A value that may be missing."""
    return _Nothing() if value is None else value


@handler("OptionalHasElement", 15)
def optional_has_element(node: Node, value: Any = None) -> Any:
    """Whether a value is there."""
    return np.asarray(value is not None and not isinstance(value, _Nothing))


@handler("OptionalGetElement", 15)
def optional_get_element(node: Node, value: Any) -> Any:
    """The value that is there."""
    if isinstance(value, _Nothing):
        raise node.refuse("the optional value is not there.")
    return value

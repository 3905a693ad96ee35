"""Lists of arrays of one shape, which TensorFlow's loops read from and write to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import ArgumentError
from multiback.graph.dims import Dim, product
from multiback.graph.ir import Spec
from multiback.porting.host_values import as_size, as_sizes, host, is_host, sizes
from multiback_tensorflow.importer.interpreter import Context, operand

Handler = Callable[..., Any]


@dataclass(frozen=True)
class TensorList:
    """A list that never changes: writing makes another one.

    Attributes:
        length: Number of elements.
        dtype: Of the elements.
        shape: Of an element; None in place of a size, or of all, that is not known.
        array: All elements as one array with one more axis in front, if there is one.
        items: The elements one by one (None: not written), if they are kept like that.
        rows: Inside a loop: the counters that are the number of the step, and the element of that number.
        written: Where shapes of written elements are noted, while a loop is looked through.
    """

    length: Any
    dtype: str
    shape: tuple[Any, ...] | None = None
    array: Any = None
    items: tuple[Any, ...] | None = None
    rows: tuple[Any, Any] | None = None
    written: list[Spec] | None = field(default=None, compare=False)

    def replace(self, **changes: Any) -> TensorList:
        return dataclasses.replace(self, **changes)

    def element(self, more: Any = None) -> tuple[Any, ...]:
        """The shape of an element.

        Raises:
            ArgumentError: if it is not known.
        """
        known = self.array.shape[1:] if self.array is not None else _first_shape(self.items)
        found = known or _merged(self.shape, more)
        if found is None or any(n is None for n in found):
            raise ArgumentError("the shape of the elements of a TensorArray is not known; give element_shape.")
        return tuple(found)

    def stacked(self, more: Any = None) -> Any:
        """All elements as one array; those never written are zeros."""
        if self.array is not None:
            return self.array
        if self.items is None or all(x is None for x in self.items):
            return ops.zeros((self.length, *self.element(more)), self.dtype)
        empty = None
        parts = []
        for item in self.items:
            if item is None:
                empty = ops.zeros(self.element(more), self.dtype) if empty is None else empty
                item = empty
            parts.append(operand(item))
        return ops.stack(parts)


def _first_shape(items: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    return next((tuple(operand(x).shape) for x in items or () if x is not None), None)


def _merged(a: tuple[Any, ...] | None, b: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    if a is None or b is None:
        return a if b is None else b
    return tuple(n if m is None else m for m, n in zip(a, b))


def _shape_of(x: Any) -> tuple[Any, ...] | None:
    """The shape that a list is declared with: -1 alone, or in place of a size, means that it is not known."""
    if not is_host(x) or np.ndim(x) == 0:
        return None
    return tuple(None if isinstance(n, int) and n < 0 else n for n in as_sizes(x))


def _reserve(context: Context, node: Any, function: Any, shape: Any, count: Any) -> TensorList:
    length = as_size(count, "the length of a TensorArray")
    items = (None,) * length if isinstance(length, int) else None
    return TensorList(length, node.attributes["element_dtype"], _shape_of(shape), items=items)


def _empty(context: Context, node: Any, function: Any, shape: Any, most: Any) -> TensorList:
    return TensorList(0, node.attributes["element_dtype"], _shape_of(shape), items=())


def _from_tensor(context: Context, node: Any, function: Any, x: Any, shape: Any) -> TensorList:
    x = operand(x)
    return TensorList(x.shape[0], node.attributes["element_dtype"], tuple(x.shape[1:]), array=x)


def _set(context: Context, node: Any, function: Any, values: TensorList, index: Any, item: Any) -> TensorList:
    if values.written is not None:
        values.written.append(operand(item).spec)
        return values
    items = values.items
    if is_host(index) and items is not None and not isinstance(place := as_size(index), Dim):
        if place >= len(items) and node.attributes.get("resize_if_index_out_of_bounds"):
            items = (*items, *[None] * (place + 1 - len(items)))
        if not 0 <= place < len(items):
            raise ArgumentError(f"element {place} of a TensorArray of {values.length} is written.")
        return values.replace(length=len(items), items=(*items[:place], item, *items[place + 1 :]))
    item = operand(item)
    array = values.stacked(tuple(item.shape))
    if isinstance(values.length, int) and values.length == 1:
        return values.replace(array=ops.expand_dims(item, 0), items=None)
    row = ops.reshape(ops.cast(operand(index), "int32"), (1,))
    return values.replace(array=ops.scatter_rows(array, row, ops.expand_dims(item, 0), None), items=None)


def _get(context: Context, node: Any, function: Any, values: TensorList, index: Any, shape: Any) -> Any:
    if values.rows is not None and any(index is counter for counter in values.rows[0]):
        return values.rows[1]
    if values.items is not None and is_host(index) and not isinstance(as_size(index), Dim):
        item = values.items[as_size(index)]
        return ops.zeros(values.element(_shape_of(shape)), values.dtype) if item is None else item
    if is_host(index) and not isinstance(as_size(index), Dim):
        return values.stacked(_shape_of(shape))[as_size(index)]
    return ops.take(values.stacked(_shape_of(shape)), ops.cast(operand(index), "int32"), 0)


def _stack(context: Context, node: Any, function: Any, values: TensorList, shape: Any) -> Any:
    return values.stacked(_shape_of(shape))


def _length(context: Context, node: Any, function: Any, values: TensorList) -> Any:
    return host(values.length, np.int32)


def _element_shape(context: Context, node: Any, function: Any, values: TensorList) -> Any:
    return sizes(values.element(), node.attributes["shape_type"])


def _gather(context: Context, node: Any, function: Any, values: TensorList, indices: Any, shape: Any) -> Any:
    return ops.take(values.stacked(_shape_of(shape)), operand(indices), 0)


def _scatter(
    context: Context, node: Any, function: Any, x: Any, indices: Any, shape: Any, count: Any = None
) -> TensorList:
    x = operand(x)
    length = x.shape[0] if count is None or as_size(count) == -1 else as_size(count)
    start = ops.zeros((length, *x.shape[1:]), x.dtype)
    array = ops.scatter_rows(start, operand(indices), x, None)
    return TensorList(length, node.attributes["element_dtype"], tuple(x.shape[1:]), array=array)


def _scatter_into(context: Context, node: Any, function: Any, values: TensorList, x: Any, indices: Any) -> TensorList:
    x = operand(x)
    array = ops.scatter_rows(values.stacked(tuple(x.shape[1:])), operand(indices), x, None)
    return values.replace(array=array, items=None)


def _push(context: Context, node: Any, function: Any, values: TensorList, item: Any) -> TensorList:
    if values.items is not None:
        return values.replace(length=values.length + 1, items=(*values.items, item))
    array = ops.concatenate([values.stacked(), ops.expand_dims(operand(item), 0)], 0)
    return values.replace(length=values.length + 1, array=array)


def _pop(context: Context, node: Any, function: Any, values: TensorList, shape: Any) -> Any:
    if values.items is not None:
        return values.replace(length=values.length - 1, items=values.items[:-1]), values.items[-1]
    array = values.stacked(_shape_of(shape))
    return values.replace(length=values.length - 1, array=array[:-1]), array[-1]


def _concat(context: Context, node: Any, function: Any, values: TensorList, *_: Any) -> Any:
    if values.items is not None:
        parts = [operand(x) for x in values.items]
        lengths: Any = host([p.shape[0] for p in parts], np.int64)
        return ops.concatenate(parts, 0), lengths
    array = values.stacked()
    joined = ops.reshape(array, (product(array.shape[:2]), *array.shape[2:]))
    return joined, host([array.shape[1]] * values.length, np.int64) if isinstance(values.length, int) else joined


CONTEXTUAL: dict[str, Handler] = {
    "EmptyTensorList": _empty,
    "TensorListConcatV2": _concat,
    "TensorListElementShape": _element_shape,
    "TensorListFromTensor": _from_tensor,
    "TensorListGather": _gather,
    "TensorListGetItem": _get,
    "TensorListLength": _length,
    "TensorListPopBack": _pop,
    "TensorListPushBack": _push,
    "TensorListReserve": _reserve,
    "TensorListScatter": _scatter,
    "TensorListScatterIntoExistingList": _scatter_into,
    "TensorListScatterV2": _scatter,
    "TensorListSetItem": _set,
    "TensorListStack": _stack,
}

"""What a handler of a primitive gets to know besides its operands, and the small tools all handlers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.dtypes import DType
from multiback.graph.dims import Size
from multiback.graph.ir import Literal, Spec, Value

Handler = Callable[..., Any]
"""`handler(node, *operands)` gives the value of the equation, or a tuple where the primitive has several results."""


@dataclass(frozen=True, slots=True)
class Node:
    """One equation of a jaxpr.

    Attributes:
        name: Of the primitive.
        params: Its parameters; symbolic sizes among them are `Dim`s.
        specs: Shape and dtype of each result.
        run: `run(jaxpr, values)` interprets a closed jaxpr among the parameters.
        note: `note(text)` tells the person something about the import.
        equation: As JAX has it.
    """

    name: str
    params: Mapping[str, Any]
    specs: Sequence[Spec]
    run: Callable[..., list[Any]]
    note: Callable[[str], None]
    equation: Any = None

    def __getitem__(self, name: str) -> Any:
        return self.params[name]

    @property
    def shape(self) -> tuple[Size, ...]:
        """The shape of the first result."""
        return self.specs[0].shape

    @property
    def dtype(self) -> DType:
        """The dtype of the first result."""
        return self.specs[0].dtype


def dtype_of(x: Any) -> DType:
    """The dtype of an operand."""
    return dtypes.as_dtype(x.dtype)


def known(x: Any) -> np.ndarray | None:
    """The numbers of an operand that is known while the graph is built."""
    if isinstance(x, Literal):
        return np.asarray(x.value, x.dtype.numpy)
    return x if isinstance(x, np.ndarray) else None


def is_number(x: Any, value: float) -> bool:
    """Whether an operand is known to be this number everywhere."""
    array = known(x)
    return array is not None and bool(array.size) and bool(np.all(array == value))


def number(value: Any, dtype: DType) -> Literal:
    """A Python number as an operand of this dtype."""
    kind = {"b": bool, "f": float, "c": complex}.get(dtype.kind, int)
    return Literal(kind(value), dtype)


def as_value(x: Any) -> Any:
    """An operand that has axes: numbers become arrays."""
    if isinstance(x, Literal):
        return np.asarray(x.value, x.dtype.numpy)
    return x


def cast(x: Any, dtype: DType) -> Any:
    """The operand in another dtype; nothing is recorded where it has it already."""
    if dtype_of(x) == dtype:
        return x
    if isinstance(x, Literal) and not (x.dtype.is_complex and not dtype.is_complex):
        if x.dtype.is_float and dtype.is_float:
            return number(x.value, dtype)
        return number(np.asarray(x.value, x.dtype.numpy).astype(dtype.numpy).item(), dtype)
    if isinstance(x, np.ndarray):
        return x.astype(dtype.numpy)
    return ops.cast(x, dtype)


def reshape(x: Any, shape: Sequence[Size]) -> Any:
    """The operand in another shape; nothing is recorded where it has it already."""
    return x if tuple(x.shape) == tuple(shape) else ops.reshape(as_value(x), tuple(shape))


def broadcast_to(x: Any, shape: Sequence[Size]) -> Any:
    """The operand repeated to a shape; nothing is recorded where it has it already."""
    return x if tuple(x.shape) == tuple(shape) else ops.broadcast_to(as_value(x), tuple(shape))


def transpose(x: Any, axes: Sequence[int]) -> Any:
    """The operand with its axes in another order; nothing is recorded where that is theirs."""
    return x if tuple(axes) == tuple(range(len(axes))) else ops.transpose(as_value(x), tuple(axes))


def is_abstract(x: Any) -> bool:
    """Whether an operand gets its numbers only when the graph runs."""
    return isinstance(x, Value)

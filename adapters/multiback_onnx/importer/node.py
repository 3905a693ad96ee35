"""What a handler sees of a node: attributes, version, wanted outputs, what is known while the graph is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from multiback import dtypes, ops
from multiback.dtypes import DType
from multiback.errors import ArgumentError, UnsupportedModel
from multiback.graph.dims import Size
from multiback.graph.trace import current_builder
from multiback.porting import host_values
from multiback_onnx.importer.constant_folding import computed

if TYPE_CHECKING:
    from multiback_onnx.importer.interpreter import Interpreter


class NeedsValue(UnsupportedModel):
    """A node needs the numbers of an operand while the graph is built, but it depends on inputs of the model.

    Attributes:
        inputs: Names of the inputs whose values would have to be given.
    """

    def __init__(self, message: str, inputs: Sequence[str]) -> None:
        super().__init__(message)
        self.inputs = tuple(inputs)


@dataclass
class Node:
    """One node, as its handler sees it.

    Attributes:
        op: Name of the op.
        label: The node's name, or what it computes, for messages.
        version: Of the op's domain that the model uses.
        attributes: By name, as Python values.
        inputs: Names, empty for one left out.
        outputs: Names, empty for one that is not wanted.
        run: The interpreter at work.
        scope: Values by name where the node stands, for the graphs inside it.
    """

    op: str
    label: str
    version: int
    attributes: dict[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    run: Interpreter
    scope: Any

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute, or the default where the node does not have it."""
        found = self.attributes.get(name)
        return default if found is None else found

    def wants(self, index: int) -> bool:
        """Whether an output is used."""
        return index < len(self.outputs) and bool(self.outputs[index])

    @property
    def training(self) -> bool:
        """Whether the training form is recorded."""
        return self.run.training

    def refuse(self, why: str) -> UnsupportedModel:
        """The error for something this op cannot do here."""
        return UnsupportedModel(f"{self.label} ({self.op}): {why}", ops={self.op: 1})

    def known(self, x: Any, what: str) -> np.ndarray:
        """A host value: computed from constants if need be.

        Raises:
            NeedsValue: if it depends on data.
        """
        if host_values.is_host(x):
            return host_values.host(x)
        found = computed(x)
        if found is None:
            inputs = self.run.origins(x)
            given = ", ".join(f"{name!r}: array" for name in inputs)
            raise NeedsValue(
                f"{self.label} ({self.op}) needs its {what} while the graph is built, but it depends on data"
                + (f". Give the value: from_onnx(..., inputs={{{given}}})." if inputs else "."),
                inputs,
            )
        return found

    def sizes(self, x: Any, what: str) -> tuple[Size, ...]:
        """A host value with one axis as integers and Dims."""
        return host_values.as_sizes(self.known(x, what), what)

    def size(self, x: Any, what: str) -> Size:
        """A host value of one element as an integer or a Dim."""
        return host_values.as_size(self.known(x, what), what)

    def integers(self, x: Any, what: str) -> tuple[int, ...]:
        """A host value as plain integers.

        Raises:
            UnsupportedModel: if a symbolic size is among them.
        """
        found = self.sizes(x, what)
        if any(not isinstance(item, int) for item in found):
            raise self.refuse(f"{what} {found} depends on a size that is not known. Give the inputs fixed sizes.")
        return found  # type: ignore[return-value]

    def integer(self, x: Any, what: str) -> int:
        """A host value of one element as a plain integer."""
        return self.integers(np.reshape(self.known(x, what), (-1,)), what)[0]

    def number(self, x: Any, what: str) -> Any:
        """A host value of one element as a Python number."""
        array = self.known(x, what)
        if array.size != 1 or array.dtype == object:
            raise self.refuse(f"{what} must be one number, got {array.tolist()}.")
        return array.reshape(()).item()

    def axes(self, x: Any, ndim: int, what: str = "axes") -> tuple[int, ...]:
        """Axes counted from the front, from a host value or a list."""
        found = self.integers(x if not isinstance(x, list | tuple) else np.asarray(x, np.int64), what)
        return tuple(axis_index(a, ndim) for a in found)

    def fold(self, name: str, *values: Any, dtype: Any = None, **attributes: Any) -> np.ndarray | None:
        """`host_values.fold` where all values are host values, else None."""
        if not host_values.all_host(values):
            return None
        return host_values.fold(name, *values, dtype=dtype, **attributes)


def axis_index(axis: int, ndim: int) -> int:
    """An axis counted from the front.

    Raises:
        ArgumentError: if there is none.
    """
    if not -ndim <= axis < max(ndim, 1):
        raise ArgumentError(f"Axis {axis} is out of range for an array with {ndim} axes.")
    return axis % ndim if ndim else 0


def dtype_of(x: Any) -> DType:
    """The dtype of a value; symbolic sizes count as int64."""
    if isinstance(x, np.ndarray) and x.dtype == object:
        return dtypes.int64
    return dtypes.as_dtype(x.dtype)


def shape_of(x: Any) -> tuple[Size, ...]:
    """The shape of a value."""
    return tuple(x.shape)


def array(x: Any, dtype: Any = None) -> Any:
    """A value as an operand of ops."""
    lifted = host_values.lift(x)
    builder = current_builder()
    if builder is not None and isinstance(lifted, np.ndarray):
        lifted = builder.constant(lifted)
    if dtype is not None and dtype_of(lifted) != dtypes.as_dtype(dtype):
        return ops.cast(lifted, dtype)
    return lifted

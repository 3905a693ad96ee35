"""Runs a TensorFlow function on abstract values, node by node, through tables of handlers by op name.

A value is on the host (a NumPy array, see `multiback.porting.host_values`), in the graph that is recorded, or stands
for something that is no array: a `Resource` (a variable), a `TensorList`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import MultibackError, UnsupportedModel
from multiback.graph.trace import current_builder
from multiback.porting.handlers import custom
from multiback.porting.host_values import is_host, lift
from multiback.porting.scopes import module_scope
from multiback_tensorflow.importer import folding
from multiback_tensorflow.importer.program import Edge, Function, Node

Value = Any


@dataclass(frozen=True)
class Resource:
    """A variable's handle.

    Attributes:
        name: Of the weight.
    """

    name: str


class Held:
    """A weight inside a branch or loop: what it is now."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.shape, self.dtype = value.shape, value.dtype

    def assign(self, value: Any) -> None:
        """Sets what it is from here on."""
        same = getattr(value, "dtype", None) == self.dtype
        value = value if same else ops.cast(value, self.dtype)
        self.value = value if value.shape == self.shape else ops.broadcast_to(value, self.shape)


@dataclass
class Context:
    """What handlers of stateful ops and of control flow need.

    Attributes:
        weights: The Variables by name.
        key: Gives a fresh random key for each draw.
        path: The scope in which nodes are recorded.
        steps: The numbers of the present steps of the loops that are being recorded, the outermost first.
    """

    weights: Mapping[str, Any]
    key: Callable[[], Any]
    path: str = ""
    steps: list[Any] = field(default_factory=list)

    def fresh_key(self) -> Any:
        """A random key for one draw, another one in each step of a loop."""
        key = self.key()
        for step in self.steps:
            key = ops.fold_in(key, step)
        return key

    @contextlib.contextmanager
    def holding(self, names: Sequence[str], values: Sequence[Any]) -> Iterator[dict[str, Held]]:
        """Inside, these weights are values of the graph that is recorded; assigning changes only what is held."""
        outer = self.weights
        held = {name: Held(value) for name, value in zip(names, values, strict=True)}
        self.weights = {**outer, **held}
        try:
            yield held
        finally:
            self.weights = outer

    def run(self, function: Function, arguments: Sequence[Value]) -> list[Value]:
        """The results of a function."""
        values: dict[Edge, Value] = {
            (name, 0): value for name, value in zip(function.arguments, arguments, strict=True)
        }
        for node in function.nodes:
            outputs = self._outputs(node, [values[edge] for edge in node.inputs], function)
            values.update(((node.name, i), output) for i, output in enumerate(outputs))
        return [values[edge] for edge in function.results]

    def _outputs(self, node: Node, inputs: list[Value], function: Function) -> Sequence[Value]:
        try:
            with self.at(node.name.rpartition("/")[0]):
                return self.apply(node, inputs, function)
        except UnsupportedModel:
            raise
        except MultibackError as error:
            raise UnsupportedModel(
                f"The node {node.name!r} ({node.op}) cannot be imported: {error}", ops={node.op: 1}
            ) from error

    @contextlib.contextmanager
    def at(self, path: str) -> Iterator[None]:
        """Records inside under this path; a function's own paths may begin with that of the node that calls it."""
        outer = self.path
        inside = path == outer or path.startswith(outer + "/")
        relative = path[len(outer) :].strip("/") if outer and inside else path
        self.path = path if inside or not outer else f"{outer}/{path}".strip("/")
        try:
            with module_scope(relative):
                yield
        finally:
            self.path = outer

    def apply(self, node: Node, inputs: list[Value], function: Function) -> Sequence[Value]:
        """The outputs of one node."""
        from multiback_tensorflow.importer.tables import CONTEXTUAL, HANDLERS, NUMBERS, STATIC

        own = custom("tensorflow").get(node.op)
        if own is None and node.op in CONTEXTUAL:
            return as_outputs(CONTEXTUAL[node.op](self, node, function, *inputs))
        if own is None and all(is_host(x) for x in inputs):
            folded = folding.fold(node, inputs)
            if folded is not None:
                return folded
        whole = node.attributes.get("SrcT" if node.op == "Cast" else "T")
        static = STATIC.get(node.op, ()) if own is None else ()
        operands = [
            x if i in static or i - len(inputs) in static else operand(x, whole, numbers=node.op in NUMBERS)
            for i, x in enumerate(inputs)
        ]
        if operands and node.op in NUMBERS and not any(hasattr(x, "spec") for x in operands):
            operands = [operand(x, whole) for x in inputs]
        return as_outputs((own or HANDLERS[node.op])(*operands, **node.attributes))


def operand(x: Value, sizes_as: Any = None, *, numbers: bool = False) -> Value:
    """A value as one of the graph that is recorded; a host number as a Python number if `numbers`.

    Sizes that are not known yet become integers of the dtype `sizes_as`, if that is one, else int32.
    """
    if not is_host(x):
        return x
    if isinstance(x, np.ndarray | np.generic) and x.dtype != object:
        if numbers and x.ndim == 0 and x.dtype.kind in "biuf":
            return x.item()
        return current_builder().lift(np.asarray(x))  # type: ignore[union-attr]
    whole = isinstance(sizes_as, str) and sizes_as.startswith("int")
    return lift(x, sizes_as if whole else "int32")


def as_outputs(result: Any) -> Sequence[Value]:
    """What a handler returned, as a sequence of values."""
    if result is None:
        return ()
    return result if isinstance(result, tuple | list) else (result,)

"""The intermediate representation: four small classes, in static single assignment form.

A `Graph` takes inputs, runs its equations in order and returns outputs. Every `Value` is defined once. State (weights,
statistics, counters) comes first among the inputs, and the new state first among the outputs; nothing is hidden.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from multiback.dtypes import DType
from multiback.graph.dims import Dim, Shape, names

if TYPE_CHECKING:
    from multiback.graph.op import Op


@dataclass(frozen=True, slots=True)
class Spec:
    """The shape and dtype of an array."""

    shape: Shape
    dtype: DType

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __str__(self) -> str:
        return f"{short_dtype(self.dtype)}[{', '.join(map(str, self.shape))}]"


def short_dtype(dtype: DType) -> str:
    """`float32` as `f32`, `int64` as `i64`, `bfloat16` as `bf16`."""
    prefix = "bf" if dtype == "bfloat16" else dtype.kind
    return "bool" if dtype.kind == "b" else f"{prefix}{dtype.bits}"


class Value:
    """An abstract array: it has a shape and a dtype, and gets its numbers when the graph runs.

    Attributes:
        shape: Sizes, each an int or a symbolic `Dim`.
        dtype: A `multiback.dtypes.DType`.
        name: Set for inputs (`conv2d/kernel`), None for intermediate values.
        mask: The mask that travels with it between layers, or None.
    """

    __slots__ = ("__weakref__", "dtype", "mask", "name", "shape")

    def __init__(self, shape: Shape, dtype: DType, name: str | None = None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.name = name
        self.mask: Value | None = None

    @property
    def spec(self) -> Spec:
        return Spec(self.shape, self.dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<{self.name or 'value'}: {self.spec}>"


@dataclass(frozen=True, slots=True)
class Literal:
    """A Python number inside an equation, with the dtype it acts as."""

    value: Any
    dtype: DType

    shape: Shape = ()

    @property
    def spec(self) -> Spec:
        return Spec((), self.dtype)

    @property
    def ndim(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> tuple[str, str]:
        return repr(self.value), str(self.dtype)


Operand: TypeAlias = "Value | Literal | tuple[Operand, ...] | None"
Result: TypeAlias = "Value | tuple[Result, ...]"


@dataclass(frozen=True, slots=True, eq=False)
class Equation:
    """One application of an op: `outputs = op inputs [attributes]`.

    Attributes:
        op: The primitive or composite.
        inputs: One entry per array parameter of the op: a Value, a Literal, None, or a tuple of these.
        attributes: The other parameters by name; values are hashable, sub-graphs included.
        outputs: A Value, or a tuple of them, as the op returns.
        scope: The path of the layer that asked for it.
        line: The user's source line that led here.
    """

    op: Op
    inputs: tuple[Operand, ...]
    attributes: dict[str, Any]
    outputs: Result
    scope: str = ""
    line: str = ""

    @property
    def flat_inputs(self) -> list[Value | Literal]:
        return [x for x in _leaves(self.inputs, []) if x is not None]

    @property
    def flat_outputs(self) -> list[Value]:
        return _leaves(self.outputs, [])

    @property
    def graphs(self) -> dict[str, Graph]:
        """The sub-graphs among the attributes."""
        return {k: v for k, v in self.attributes.items() if isinstance(v, Graph)}

    def replace(self, **changes: Any) -> Equation:
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Inputs, equations in order, outputs.

    Attributes:
        name: What it computes, such as `train_step`.
        inputs: State first, then arguments.
        equations: In an order that defines every value before its use.
        outputs: New state first, then results. A Literal or an input may be returned as it is.
        state: How many of the inputs are state.
        updates: For each leading output, the index of the state input that it replaces.
        constants: Arrays captured while tracing.
    """

    name: str
    inputs: tuple[Value, ...]
    equations: tuple[Equation, ...]
    outputs: tuple[Value | Literal, ...]
    state: int = 0
    updates: tuple[int, ...] = ()
    constants: dict[Value, np.ndarray] = field(default_factory=dict)

    def replace(self, **changes: Any) -> Graph:
        return dataclasses.replace(self, **changes)

    @property
    def arguments(self) -> tuple[Value, ...]:
        """The inputs that are not state."""
        return self.inputs[self.state :]

    @property
    def results(self) -> tuple[Value | Literal, ...]:
        """The outputs that are not new state."""
        return self.outputs[len(self.updates) :]

    def walk(self) -> Iterator[Equation]:
        """All equations, those of sub-graphs included."""
        for equation in self.equations:
            yield equation
            for graph in equation.graphs.values():
                yield from graph.walk()

    def dim_names(self) -> list[str]:
        """The named sizes of the inputs, in order of appearance."""
        found: dict[str, None] = {}
        for value in self.inputs:
            for size in value.shape:
                if isinstance(size, Dim):
                    found.update(dict.fromkeys(sorted(names(size))))
        return list(found)

    def __str__(self) -> str:
        from multiback.graph.show import show

        return show(self)


def flat(tree: Any) -> Iterator[Any]:
    """The leaves of nested tuples."""
    return iter(_leaves(tree, []))


def _leaves(tree: Any, found: list[Any]) -> list[Any]:
    if not isinstance(tree, tuple):
        found.append(tree)
        return found
    for item in tree:
        if isinstance(item, tuple):
            _leaves(item, found)
        else:
            found.append(item)
    return found


def map_tuple(function: Any, tree: Any) -> Any:
    """Nested tuples with `function` applied to every leaf."""
    if isinstance(tree, tuple):
        return tuple(map_tuple(function, item) for item in tree)
    return function(tree)

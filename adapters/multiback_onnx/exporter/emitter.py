"""What handlers write nodes with: names, constants, sizes, and axes that are turned only where a node needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from multiback.dtypes import DType
from multiback.graph.dims import Dim, Shape, Size
from multiback.graph.ir import Equation, Literal, Value

LAST = np.iinfo(np.int64).max
FIRST = np.iinfo(np.int64).min


def element_type(dtype: DType) -> int:
    """ONNX's number of a dtype."""
    return int(helper.np_dtype_to_tensor_dtype(dtype.numpy))


@dataclass(frozen=True)
class View:
    """A value as transpose(name, order): axis i of the value is axis `order[i]` of what `name` holds."""

    name: str
    order: tuple[int, ...] | None = None


@dataclass
class Shared:
    """What all graphs of one model have in common.

    Attributes:
        opset: The version of ONNX's operators.
        initializers: By name; those of sub-graphs stand in the outermost graph too.
        taken: All names.
        constants: Names of constants by their contents.
        sizes: For each named size, the input and the axis that have it.
    """

    opset: int
    initializers: dict[str, TensorProto] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    constants: dict[Any, str] = field(default_factory=dict)
    sizes: dict[str, tuple[str, int]] = field(default_factory=dict)


class Emitter:
    """Writes the nodes of one graph.

    Arguments:
        shared: Of the model.
        parent: Of the graph around this one, whose values it may use.
    """

    def __init__(self, shared: Shared, parent: Emitter | None = None) -> None:
        self.shared = shared
        self.parent = parent
        self.nodes: list[NodeProto] = []
        self.views: dict[Value, View] = {}
        self.scope = ""
        self.label = "value"
        self._turned: dict[Any, str] = {}
        self._sizes: dict[Any, str] = {}

    @property
    def opset(self) -> int:
        return self.shared.opset

    def unique(self, name: str) -> str:
        """`name`, or with a number if it is taken."""
        found, n = name, 0
        while found in self.shared.taken:
            n += 1
            found = f"{name}_{n}"
        self.shared.taken.add(found)
        return found

    def node(self, op: str, inputs: Sequence[str], count: int = 1, **attributes: Any) -> Any:
        """Writes a node; the name of its output, or those of several.

        Arguments:
            op: ONNX's name.
            inputs: Names; an empty one leaves an optional input out.
            count: The number of outputs.
            attributes: None leaves one out.
        """
        inputs = list(inputs)
        while inputs and not inputs[-1]:
            inputs.pop()
        where = f"{self.scope}/" if self.scope else ""
        name = self.unique(f"{where}{op}")
        outputs = [self.unique(f"{where}{self.label}")] if count == 1 else []
        outputs = outputs or [self.unique(f"{where}{self.label}_{i}") for i in range(count)]
        given = {k: v for k, v in attributes.items() if v is not None}
        self.nodes.append(helper.make_node(op, inputs, outputs, name=name, **given))
        return outputs[0] if count == 1 else outputs

    def initializer(self, array: np.ndarray, name: str) -> str:
        """An array under a name of its own."""
        name = self.unique(name)
        self.shared.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
        return name

    def constant(self, array: Any, dtype: Any = None) -> str:
        """A small array; equal ones are kept once."""
        array = np.asarray(array, dtype)
        key = (array.dtype.str, array.shape, array.tobytes()) if array.size <= 64 else id(array)
        if key not in self.shared.constants:
            shown = str(array.dtype)
            text = str(array.item()) if array.size == 1 else "x".join(map(str, array.shape))
            self.shared.constants[key] = self.initializer(array, f"constant_{shown}_{text}")
        return self.shared.constants[key]

    def integers(self, *values: int) -> str:
        """A constant of one axis in int64, as axes and pads are given."""
        return self.constant(np.asarray(values, np.int64).reshape(len(values)))

    def number(self, value: Any, like: DType) -> str:
        """A scalar constant."""
        return self.constant(np.asarray(value, like.numpy))

    def view(self, x: Value) -> View:
        """Where a value is."""
        emitter: Emitter | None = self
        while emitter is not None:
            if x in emitter.views:
                return emitter.views[x]
            emitter = emitter.parent
        raise KeyError(x)

    def name(self, x: Value | Literal | None) -> str:
        """The name of an operand, in its own order of axes; empty for None."""
        if x is None:
            return ""
        if isinstance(x, Literal):
            return self.number(x.value, x.dtype)
        return self.arranged(x, tuple(range(x.ndim)))

    def arranged(self, x: Value, order: tuple[int, ...]) -> str:
        """The name of transpose(x, order)."""
        view = self.view(x)
        total = order if view.order is None else tuple(view.order[i] for i in order)
        if total == tuple(range(len(total))):
            return view.name
        emitter: Emitter | None = self
        while emitter is not None:
            if (view.name, total) in emitter._turned:
                return emitter._turned[view.name, total]
            emitter = emitter.parent
        label, self.label = self.label, f"{view.name.rpartition('/')[2]}_transposed"
        self._turned[view.name, total] = self.node("Transpose", [view.name], perm=list(total))
        self.label = label
        return self._turned[view.name, total]

    def cast(self, name: str, dtype: DType) -> str:
        """The same in another dtype."""
        return self.node("Cast", [name], to=element_type(dtype))

    def size(self, size: Size) -> str:
        """A size as int64 of shape (1,)."""
        if not isinstance(size, Dim):
            return self.integers(int(size))
        emitter: Emitter | None = self
        while emitter is not None:
            if size in emitter._sizes:
                return emitter._sizes[size]
            emitter = emitter.parent
        label, self.label = self.label, "size"
        total = ""
        for monomial, coefficient in size.terms:
            factor = "" if coefficient == 1 and monomial else self.integers(coefficient)
            for atom in monomial:
                found = self._atom(atom)
                factor = self.node("Mul", [factor, found]) if factor else found
            total = self.node("Add", [total, factor]) if total else factor
        self.label = label
        self._sizes[size] = total
        return total

    def _atom(self, atom: Any) -> str:
        if atom.kind == "name":
            name, axis = self.shared.sizes[str(atom.arguments[0])]
            return self._size_of(name, axis)
        left, right = (self.size(a) for a in atom.arguments)
        if atom.kind == "max":
            return self.node("Max", [left, right])
        rest = self.node("Mod", [left, right])
        return rest if atom.kind == "%" else self.node("Div", [self.node("Sub", [left, rest]), right])

    def _size_of(self, name: str, axis: int) -> str:
        emitter: Emitter | None = self
        while emitter is not None:
            if (name, axis) in emitter._sizes:
                return emitter._sizes[name, axis]
            emitter = emitter.parent
        self._sizes[name, axis] = self.node("Shape", [name], start=axis, end=axis + 1)
        return self._sizes[name, axis]

    def sizes(self, shape: Shape) -> str:
        """A shape as int64 of one axis."""
        if not any(isinstance(n, Dim) for n in shape):
            return self.integers(*(int(n) for n in shape))  # type: ignore[arg-type]
        parts: list[Any] = []
        for n in shape:
            if isinstance(n, Dim):
                parts.append(self.size(n))
            elif parts and isinstance(parts[-1], list):
                parts[-1].append(n)
            else:
                parts.append([n])
        names = [p if isinstance(p, str) else self.integers(*p) for p in parts]
        return names[0] if len(names) == 1 else self.node("Concat", names, axis=0)

    def reshaped(self, name: str, old: Shape, new: Shape) -> str:
        """`name`, of shape `old`, with the shape `new`."""
        if tuple(old) == tuple(new):
            return name
        if any(not isinstance(n, Dim) and n == 0 for n in new):
            return self.node("Reshape", [name, self.sizes(new)], allowzero=1)
        wanted: list[Any] = [0 if isinstance(n, Dim) and i < len(old) and old[i] == n else n for i, n in enumerate(new)]
        unknown = [i for i, n in enumerate(wanted) if isinstance(n, Dim)]
        if len(unknown) <= 1:
            shape = self.integers(*(-1 if isinstance(n, Dim) else int(n) for n in wanted))
        else:
            shape = self.sizes(tuple(new))
        return self.node("Reshape", [name, shape])

    def inner(self) -> Emitter:
        """An emitter for a sub-graph."""
        emitter = Emitter(self.shared, self)
        emitter.scope, emitter.label = self.scope, self.label
        return emitter


@dataclass(frozen=True)
class Call:
    """What a handler is called with.

    Attributes:
        emitter: Writes nodes.
        equation: What is to be written.
        translate: Writes the equations of a sub-graph with another emitter.
    """

    emitter: Emitter
    equation: Equation
    translate: Any

    @property
    def out(self) -> Value:
        """The only output."""
        return self.equation.outputs  # type: ignore[return-value]

    @property
    def attributes(self) -> Mapping[str, Any]:
        return self.equation.attributes

    def operands(self) -> dict[str, Any]:
        """The operands by name."""
        return dict(zip(self.equation.op.operands, self.equation.inputs))


def value_info(name: str, shape: Shape, dtype: DType) -> ValueInfoProto:
    """The description of an input or output; symbolic sizes by name."""
    return helper.make_tensor_value_info(
        name, element_type(dtype), [str(n) if isinstance(n, Dim) else int(n) for n in shape]
    )

"""Graphs as straight-line Python source: what an adapter runs is what a person can read.

An adapter's table maps an op to an expression (`"torch.matmul({x}, {y})"`), or to a function, which is called with the
operands by position and the attributes by name (and with the nested `(shape, dtype)` of its outputs if it has a
parameter `output_specs`). In an expression `{x}` is an operand or attribute of that name, a number staying a number;
`{x:array}` asks for a native array even when the operand is a number, and `{key:index}` writes a tuple of integers,
None and `Slice` as it stands between the brackets of `x[...]`.
"""

from __future__ import annotations

import functools
import inspect
import keyword
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.graph import dims
from multiback.graph.ir import Equation, Graph, Literal, Value, flat, map_tuple
from multiback.graph.show import _letters
from multiback.graph.slices import Slice

Lowering = str | Callable[..., Any]


@dataclass(frozen=True)
class Dialect:
    """How an adapter writes the things that are not ops.

    Attributes:
        size: Expression for the size of an axis, such as `"{x}.shape[{axis}]"`.
        dtype: Writes a dtype, such as `torch.float32`.
        array: Makes a native array of a NumPy constant.
        namespace: Names that expressions may use, such as `{"torch": torch}`.
        maximum: Expression for the larger of two sizes.
    """

    size: str
    dtype: Callable[[DType], str]
    array: Callable[[np.ndarray], Any]
    namespace: Mapping[str, Any]
    maximum: str = "max({x}, {y})"


@dataclass
class Source:
    """Generated Python: the text, and the objects that its free names stand for."""

    text: str
    name: str
    namespace: dict[str, Any] = field(default_factory=dict)

    def function(self) -> Callable[..., Any]:
        """The function that the text defines."""
        scope = {"__name__": "multiback.generated", **self.namespace}
        exec(compile(self.text, f"<multiback {self.name}>", "exec"), scope)
        return scope[self.name]


def generate(graph: Graph, lookup: Callable[[Equation], Lowering], dialect: Dialect) -> Source:
    """The source of a function `name(*inputs) -> tuple of outputs`.

    Arguments:
        graph: Whose equations all have an entry in the table.
        lookup: The table: the lowering of an equation.
        dialect: The adapter's way of writing sizes, dtypes and constants.
    """
    inputs = {identifier(v.name) for g in _graphs(graph) for v in g.inputs if v.name}
    writer = _Writer(lookup, dialect, inputs)
    name = writer.unique(identifier(graph.name))
    lines = writer.function(graph, name, indent="", bound={})
    return Source("\n".join(lines) + "\n", name, writer.namespace)


def _graphs(graph: Graph) -> list[Graph]:
    return [graph, *(g for e in graph.walk() for g in e.graphs.values())]


def identifier(text: str) -> str:
    """`text` as a valid Python name: `conv2d/kernel` becomes `conv2d_kernel`."""
    name = re.sub(r"\W+", "_", text).strip("_") or "x"
    return f"_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name


class _Writer:
    def __init__(self, lookup: Callable[[Equation], Lowering], dialect: Dialect, inputs: set[str]) -> None:
        self.inputs = inputs
        self.lookup = lookup
        self.dialect = dialect
        self.namespace: dict[str, Any] = dict(dialect.namespace)
        self.taken: set[str] = {*dialect.namespace, *dir(__builtins__), "inf", "nan"}
        self.names: dict[Value, str] = {}
        self.letters = (n for n in _letters() if not keyword.iskeyword(n))
        self.functions: dict[int, str] = {}
        self.arrays: dict[Any, str] = {}
        self.parsed: dict[str, list[tuple[str, str | None, str | None]]] = {}

    def unique(self, name: str) -> str:
        candidate, n = name, 1
        while candidate in self.taken or candidate in self.inputs or keyword.iskeyword(candidate):
            n += 1
            candidate = f"{name}_{n}"
        self.taken.add(candidate)
        return candidate

    def fresh(self) -> str:
        return next(n for n in self.letters if n not in self.taken and n not in self.inputs)

    def function(self, graph: Graph, name: str, indent: str, bound: dict[str, str]) -> list[str]:
        bound = dict(bound)
        # Graphs are closed, so a parameter may hide a value of the function around it, but nothing else.
        parameters: list[str] = []
        for value in graph.inputs:
            wanted = identifier(value.name) if value.name else self.fresh()
            candidate, n = wanted, 1
            while candidate in self.taken or candidate in parameters:
                n += 1
                candidate = f"{wanted}_{n}"
            self.names[value] = candidate
            parameters.append(candidate)
        body = self._bind_sizes(graph, bound)
        for value, array in graph.constants.items():
            self.names[value] = self._constant(array)
        last_use = _last_uses(graph)
        for position, equation in enumerate(graph.equations):
            body += self._equation(equation, bound)
            if dead := [self.names[v] for v in last_use.get(position, ())]:
                body.append(f"del {', '.join(dead)}")
        outputs = ", ".join(self._operand(x, array=True) for x in graph.outputs)
        body.append(f"return ({outputs},)" if len(graph.outputs) == 1 else f"return ({outputs})")
        header = f"def {name}({', '.join(parameters)}):"
        return [indent + header, *(f"{indent}    {line}" for line in body)]

    def _bind_sizes(self, graph: Graph, bound: dict[str, str]) -> list[str]:
        lines = []
        for value in graph.inputs:
            for axis, size in enumerate(value.shape):
                if isinstance(size, dims.Dim) and (name := size.name) and name not in bound:
                    bound[name] = self.unique(identifier(name))
                    lines.append(f"{bound[name]} = " + self.dialect.size.format(x=self.names[value], axis=axis))
        return lines

    def _equation(self, equation: Equation, bound: dict[str, str]) -> list[str]:
        lines: list[str] = []
        inner = {}
        for key, graph in equation.graphs.items():
            inner[key] = self.unique(f"{equation.op.name}_{key}")
            lines += self.function(graph, inner[key], "", bound)
        lowering = self.lookup(equation)
        if isinstance(lowering, str):
            right = self._expression(lowering, equation, bound)
        else:
            right = self._call(lowering, equation, bound, inner)
        for value in flat(equation.outputs):
            self.names[value] = self.fresh()
        left = _target(equation.outputs, self.names)
        return [*lines, f"{left} = {right}"]

    def _call(
        self, function: Callable[..., Any], equation: Equation, bound: dict[str, str], inner: dict[str, str]
    ) -> str:
        if id(function) not in self.functions:
            label = getattr(function, "__name__", "_")
            label = label if label.isidentifier() and label.strip("_") else equation.op.name
            self.functions[id(function)] = self.unique(label)
            self.namespace[self.functions[id(function)]] = function
        parts = [self._operand(x, array=True) for x in equation.inputs]
        parts += [f"{k}={inner.get(k) or self._attribute(v, bound)}" for k, v in equation.attributes.items()]
        if _wants_specs(function):
            specs = map_tuple(lambda v: (v.shape, v.dtype), equation.outputs)
            parts.append(f"output_specs={self._attribute(specs, bound)}")
        return f"{self.functions[id(function)]}({', '.join(parts)})"

    def _expression(self, template: str, equation: Equation, bound: dict[str, str]) -> str:
        if template not in self.parsed:
            self.parsed[template] = [(t, f, s) for t, f, s, _ in string.Formatter().parse(template)]
        operands = dict(zip(equation.op.operands, equation.inputs))
        parts = []
        for text, key, spec in self.parsed[template]:
            parts.append(text)
            if key is None:
                continue
            if key in operands:
                parts.append(self._operand(operands[key], array=spec == "array"))
            elif key == "output_dtype":
                parts.append(self.dialect.dtype(equation.flat_outputs[0].dtype))
            elif spec == "index":
                parts.append(self._subscript(equation.attributes[key], bound))
            else:
                parts.append(self._attribute(equation.attributes[key], bound))
        return "".join(parts)

    def _operand(self, x: Any, array: bool) -> str:
        if isinstance(x, tuple):
            items = [self._operand(item, array) for item in x]
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        if x is None:
            return "None"
        if isinstance(x, Value):
            return self.names[x]
        if array:
            return self._constant(np.asarray(x.value, x.dtype.numpy))
        return _number(x)

    def _constant(self, array: np.ndarray) -> str:
        key = (str(array.dtype), array.shape, array.tobytes()) if array.size <= 16 else id(array)
        if key not in self.arrays:
            self.arrays[key] = self.unique("constant")
            self.namespace[self.arrays[key]] = self.dialect.array(array)
            self.namespace.setdefault("_kept", []).append(array)
        return self.arrays[key]

    def _attribute(self, x: Any, bound: dict[str, str]) -> str:
        if isinstance(x, DType):
            return self.dialect.dtype(x)
        if isinstance(x, dims.Dim):
            return self._size(x, bound)
        if isinstance(x, tuple):
            items = [self._attribute(item, bound) for item in x]
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        if isinstance(x, Slice):
            parts = (self._attribute(p, bound) for p in (x.start, x.stop, x.step))
            return f"slice({', '.join(parts)})"
        if (isinstance(x, float) and x != x) or x in (float("inf"), float("-inf")):
            return f"float('{x}')"
        return repr(x)

    def _subscript(self, key: tuple[Any, ...], bound: dict[str, str]) -> str:
        def item(x: Any) -> str:
            if not isinstance(x, Slice):
                return self._attribute(x, bound)
            start, stop, step = ("" if p is None else self._attribute(p, bound) for p in (x.start, x.stop, x.step))
            return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"

        return ", ".join(map(item, key)) or "..."

    def _size(self, size: dims.Size, bound: dict[str, str]) -> str:
        if not isinstance(size, dims.Dim):
            return str(size)
        terms = []
        for monomial, coefficient in size.terms:
            factors = [self._atom(atom, bound) for atom in monomial]
            if coefficient != 1 or not factors:
                factors.insert(0, str(coefficient))
            terms.append(" * ".join(factors))
        return " + ".join(terms).replace("+ -", "- ") if len(terms) == 1 else f"({' + '.join(terms)})"

    def _atom(self, atom: Any, bound: dict[str, str]) -> str:
        if atom.kind == "name":
            return bound[str(atom.arguments[0])]
        left, right = (self._size(a, bound) for a in atom.arguments)
        if atom.kind == "max":
            return self.dialect.maximum.format(x=left, y=right)
        return f"(({left}) {atom.kind} ({right}))"


def _last_uses(graph: Graph) -> dict[int, list[Value]]:
    """For each equation, the intermediate values that nobody needs after it."""
    last: dict[Value, int] = {}
    made = {v for e in graph.equations for v in e.flat_outputs}
    for position, equation in enumerate(graph.equations):
        for value in [*equation.flat_inputs, *equation.flat_outputs]:
            if isinstance(value, Value) and value in made:
                last[value] = position
    for value in graph.outputs:
        last.pop(value, None)  # type: ignore[arg-type]
    found: dict[int, list[Value]] = {}
    for value, position in last.items():
        found.setdefault(position, []).append(value)
    return found


@functools.cache
def _wants_specs(function: Callable[..., Any]) -> bool:
    try:
        return "output_specs" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def _target(outputs: Any, names: dict[Value, str]) -> str:
    if isinstance(outputs, tuple):
        items = [_target(o, names) for o in outputs]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})" if items else "_"
    return names[outputs]


def _number(x: Literal) -> str:
    value = x.value
    if x.dtype.kind == "b":
        return repr(bool(value))
    if x.dtype.kind in "iu":
        return repr(int(value))
    if x.dtype.kind == "c":
        return f"complex({_real(complex(value).real)}, {_real(complex(value).imag)})"
    return _real(float(value))


def _real(value: float) -> str:
    text = repr(value) if value == value and abs(value) != float("inf") else f"float('{value}')"
    return f"({text})" if value < 0 else text

"""How an equation stands in a file: a template, with arguments at their defaults left out, and the helpers it needs."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from multiback.dtypes import DType
from multiback.graph.dims import Dim
from multiback.graph.ir import Equation
from multiback.ops import _windows as windows

MISSING: Any = object()
"""Stands for an attribute without a default: it is always written."""


@dataclass(frozen=True)
class Template:
    """An expression with `{x}` for operands and attributes, as in the tables of adapters.

    Attributes:
        text: Such as `jnp.sum({x:array}, axis=1)`.
        helpers: The functions that it calls by their names, which are copied into the file.
    """

    text: str
    helpers: tuple[Callable[..., Any], ...] = ()


@dataclass(frozen=True)
class Call:
    """Writes a call for one equation.

    Attributes:
        function: The dotted name of a library's function, or a helper that is copied into the file.
        operands: Names of the operands in the order in which the function takes them, or None for that of the op; one
            that is None in the equation is left out, and those after it are written by name.
        arguments: For each attribute that is written by name, its default: an attribute of that value is left out.
            `MISSING` means that it has none. For a helper: beside the attributes that it takes, at its own defaults.
        names: The framework's name of an operand or attribute, where it differs from ours.
        positional: Attributes that are written by position, after the operands.
        between: Written as they are after the operands.
        suffix: Written after the call, such as `.astype(jnp.int32)`.
        values: How an attribute is written: a function of the equation that gives the text, or None to leave it out; or
            the text of each of its values.
        nothing: Whether an operand that is None is written as None instead of left out.
    """

    function: str | Callable[..., Any]
    operands: tuple[str, ...] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    positional: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    suffix: str = ""
    values: Mapping[str, Mapping[Any, str] | Callable[[Equation], str | None]] = field(default_factory=dict)
    nothing: bool = False

    def __call__(self, equation: Equation) -> Template:
        given = dict(zip(equation.op.operands, equation.inputs))
        parts: list[str] = []
        skipped = False
        for name in equation.op.operands if self.operands is None else self.operands:
            if given[name] is None and not self.nothing:
                skipped = True
            else:
                label = f"{self.names.get(name, name)}=" if skipped else ""
                parts.append(f"{label}{{{name}{'' if parts else ':array'}}}")
        parts += self.between
        parts += [self._text(equation, name, MISSING) or "" for name in self.positional]
        for name, default in self._arguments(equation).items():
            text = self._text(equation, name, default)
            if text is not None:
                parts.append(f"{self.names.get(name, name)}={text}")
        if isinstance(self.function, str):
            return Template(f"{self.function}({', '.join(parts)}){self.suffix}")
        return Template(f"{self.function.__name__}({', '.join(parts)}){self.suffix}", (self.function,))

    def _text(self, equation: Equation, name: str, default: Any) -> str | None:
        rule = self.values.get(name)
        if rule is None:
            return _written(equation, name, default)
        if callable(rule):
            return rule(equation)
        value = equation.attributes[name]
        return None if value == default else rule[value]

    def _arguments(self, equation: Equation) -> Mapping[str, Any]:
        if isinstance(self.function, str):
            return self.arguments
        parameters = inspect.signature(self.function).parameters
        defaults = {n: MISSING if p.default is p.empty else p.default for n, p in parameters.items()}
        taken = {n: defaults[n] for n in (*equation.op.attributes, "output_specs") if n in defaults}
        taken = {n: default for n, default in taken.items() if n not in self.positional}
        return {**taken, **self.arguments}


@dataclass(frozen=True)
class When:
    """An entry for the equations that `accepts` accepts; the others take `otherwise`.

    Attributes:
        entry: For those.
        accepts: A predicate.
        otherwise: For the others; None: the composite's body is written out.
    """

    entry: Entry
    accepts: Callable[[Equation], bool]
    otherwise: Entry | None = None


@dataclass(frozen=True)
class Write:
    """An entry that writes the template for each equation itself.

    Attributes:
        function: Gives the template, or None for an equation that it does not cover.
    """

    function: Callable[[Equation], str | Template | None]


Entry: TypeAlias = "str | Callable[..., Any] | Call | When | Write"
"""Of a target's table: a template, a function that is copied into the file, what writes a template, or a choice."""


def resolve(entry: Entry | None, equation: Equation) -> Template | None:
    """The template for one equation, or None if the entry does not cover it."""
    while isinstance(entry, When):
        entry = entry.entry if entry.accepts(equation) else entry.otherwise
    if isinstance(entry, Write):
        text = entry.function(equation)
        return Template(text) if isinstance(text, str) else text
    if entry is None or isinstance(entry, str):
        return entry if entry is None else Template(entry)
    return entry(equation) if isinstance(entry, Call) else Call(entry)(equation)


def new_shape(equation: Equation) -> str:
    """The shape that `reshape` gives, with -1 for its only size that is not known before."""
    shape = equation.attributes["newshape"]
    unknown = [n for n in shape if isinstance(n, Dim)]
    if len(unknown) != 1 or 0 in shape or len(shape) == 1:
        return "(-1,)" if len(shape) == 1 and unknown else "{newshape}"
    return f"({', '.join('-1' if isinstance(n, Dim) else str(n) for n in shape)})"


def named_padding(equation: Equation) -> str:
    """The padding of a window: "SAME" or "VALID" where that says it, otherwise what is on each side of each axis."""
    attributes = equation.attributes
    padding = attributes["padding"]
    if isinstance(padding, str):
        return f'"{padding.upper()}"'
    if all(pair == (0, 0) for pair in padding):
        return '"VALID"'
    x, kernel = equation.flat_inputs[:2]
    sizes = windows.spatial(x.shape, attributes["data_format"])
    extents = [windows.extent(k, d) for k, d in zip(kernel.shape, attributes["dilation_rate"])]  # type: ignore[arg-type]
    if set(attributes.get("input_dilation", (1,))) == {1} and all(
        isinstance(n, int) and windows.same_pads(n, k, s) == pair
        for n, k, s, pair in zip(sizes, extents, attributes["strides"], padding)
    ):
        return '"SAME"'
    return "{padding}"


def _written(equation: Equation, name: str, default: Any) -> str | None:
    """How an attribute stands in a template, or None where it is the default."""
    if name == "output_specs":
        return "{output_specs}"
    value = equation.attributes[name]
    if name == "axis":
        value = _axis(value, equation, named_last=default == -1)
    if default is not MISSING and _same(value, default):
        return None
    if isinstance(value, str) and not isinstance(value, DType):
        return json.dumps(value)
    if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    return f"{{{name}}}"


def _axis(value: Any, equation: Equation, named_last: bool) -> Any:
    """One axis as an integer; the last one as -1 where a function calls it so by default."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    rank = getattr(equation.inputs[0], "ndim", 0) if equation.inputs else 0
    return -1 if named_last and isinstance(value, int) and value == rank - 1 else value


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, Dim) or isinstance(default, Dim):
        return False
    if isinstance(value, tuple) and isinstance(default, int):
        return all(v == default and not isinstance(v, Dim) for v in value)
    numbers = isinstance(value, int | float) and isinstance(default, int | float)
    alike = numbers and isinstance(value, bool) == isinstance(default, bool)
    return (alike or type(value) is type(default)) and value == default

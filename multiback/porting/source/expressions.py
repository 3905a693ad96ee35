"""One equation as an expression of the target's language."""

from __future__ import annotations

import ast
import functools
import string
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.errors import PortError
from multiback.graph import dims
from multiback.graph.ir import Equation, Graph, Literal, Value, map_tuple
from multiback.graph.slices import Slice
from multiback.porting.source.target import Target, plain_number, real

Operand = Callable[[Any], str]


class Expressions:
    """Writes equations.

    Arguments:
        target: Its tables.
        helpers: Functions that the text calls by name are added here.
    """

    def __init__(self, target: Target, helpers: dict[str, Any]) -> None:
        self.target = target
        self.helpers = helpers

    def text(
        self,
        equation: Equation,
        operand: Callable[[Value], str],
        sizes: Mapping[str, str],
        inner: Mapping[str, str],
        device: Callable[[], str],
    ) -> str:
        """The expression of an equation.

        Arguments:
            equation: Which the target keeps.
            operand: The text of a value, an expression or a name.
            sizes: The text of each named size.
            inner: The names of the functions written for its sub-graphs.
            device: An expression for the device of the block's arrays.
        """
        template = self.target.template(equation)
        if template is None:
            raise PortError(
                f"{equation.op.name!r} cannot be written for {self.target.name!r}; it has no entry in its table."
            )
        for helper in template.helpers:
            known = self.helpers.setdefault(helper.__name__, helper)
            if known is not helper:
                raise PortError(f"Two helpers of {self.target.name!r} are called {helper.__name__!r}.")
        writer = _One(self.target, equation, operand, sizes, inner, device)
        pieces = []
        parsed = _parsed(template.text)
        for i, (text, key, spec) in enumerate(parsed):
            pieces.append(text)
            if key is not None:
                before = pieces and "".join(pieces)
                after = parsed[i + 1][0] if i + 1 < len(parsed) else ""
                pieces.append(writer.field(key, spec or "", _stands_alone(str(before), after)))
        return _without_needless(pieces)

    def size(self, size: dims.Size, sizes: Mapping[str, str]) -> str:
        """A symbolic size as an expression."""
        return _size(size, sizes, self.target)


class _One:
    def __init__(
        self,
        target: Target,
        equation: Equation,
        operand: Callable[[Value], str],
        sizes: Mapping[str, str],
        inner: Mapping[str, str],
        device: Callable[[], str],
    ) -> None:
        self.target = target
        self.equation = equation
        self.operands = dict(zip(equation.op.operands, equation.inputs))
        self.operand = operand
        self.sizes = sizes
        self.inner = inner
        self.device = device

    def field(self, key: str, spec: str, alone: bool) -> str:
        """What stands for `{key:spec}`; `alone`: between commas or brackets, where nothing binds tighter."""
        if key in self.operands and spec == "args":
            return ", ".join(self._operand(x, "", True) for x in self.operands[key])  # type: ignore[union-attr]
        if key in self.operands:
            return self._operand(self.operands[key], spec, alone)
        if key == "output_dtype":
            return self.target.dtype(self.equation.flat_outputs[0].dtype)
        if key == "output_specs":
            return self.attribute(map_tuple(lambda v: (v.shape, v.dtype), self.equation.outputs))
        if key == "device":
            return self.device()
        value = self.equation.attributes[key]
        if spec == "index":
            return self._subscript(value)
        if spec == "args":
            return ", ".join(self.attribute(v) for v in value)
        if isinstance(value, Graph):
            return self.inner[key]
        text = self.attribute(value)
        return text if alone or is_atom(text) else f"({text})"

    def _operand(self, x: Any, spec: str, alone: bool) -> str:
        if isinstance(x, tuple):
            items = [self._operand(item, spec, True) for item in x]
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        if x is None:
            return "None"
        if isinstance(x, Value):
            text = self.operand(x)
            return text if alone or is_atom(text) else f"({text})"
        beside = [v for v in self.equation.flat_inputs if v is not x]
        text = self.target.number(x, beside) if spec == "array" else None if spec == "tensor" else plain_number(x)  # type: ignore[assignment]
        if text is None:
            return self.target.array(np.asarray(x.value, x.dtype.numpy))
        return text if alone or not text.startswith("-") else f"({text})"

    def attribute(self, x: Any) -> str:
        if isinstance(x, DType):
            return self.target.dtype(x)
        if isinstance(x, dims.Dim):
            return _size(x, self.sizes, self.target)
        if isinstance(x, tuple):
            items = [self.attribute(item) for item in x]
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        if isinstance(x, Slice):
            return f"slice({', '.join(self.attribute(p) for p in (x.start, x.stop, x.step))})"
        if isinstance(x, float):
            return real(x)
        if isinstance(x, str):
            return quoted(x)
        return repr(x)

    def _subscript(self, key: tuple[Any, ...]) -> str:
        def item(x: Any) -> str:
            if not isinstance(x, Slice):
                return self.attribute(x)
            start, stop, step = ("" if p is None else self.attribute(p) for p in (x.start, x.stop, x.step))
            start, stop = (f"({p})" if p and not is_atom(p) and not p.startswith("-") else p for p in (start, stop))
            return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"

        return ", ".join(map(item, key)) or "..."


def quoted(text: str) -> str:
    """A string with double quotes where it can have them."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if '"' not in plain and "\\'" not in plain else plain


def _size(size: dims.Size, sizes: Mapping[str, str], target: Target) -> str:
    if not isinstance(size, dims.Dim):
        return str(size)
    text = ""
    for monomial, coefficient in size.terms:
        factors = [_atom(atom, sizes, target) for atom in monomial]
        if abs(coefficient) != 1 or not factors:
            factors.insert(0, str(abs(coefficient)))
        sign = "-" if coefficient < 0 else "+"
        term = " * ".join(factors)
        text += f" {sign} {term}" if text else f"-{term}" if sign == "-" else term
    return text


def _atom(atom: Any, sizes: Mapping[str, str], target: Target) -> str:
    if atom.kind == "name":
        return sizes[str(atom.arguments[0])]
    left, right = (_size(a, sizes, target) for a in atom.arguments)
    if atom.kind == "max":
        return target.maximum(left, right)
    left, right = (t if is_atom(t) else f"({t})" for t in (left, right))
    return f"({left} {atom.kind} {right})"


@functools.cache
def is_atom(text: str) -> bool:
    """Whether an expression binds tighter than any operator around it."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, int | float | complex) or isinstance(node.value, bool) or True
    if isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.List | ast.Dict):
        return True
    return isinstance(node, ast.Tuple) and text.startswith("(")


def _without_needless(pieces: list[str]) -> str:
    """The pieces as one text, without parentheses around a piece that change nothing."""
    whole = "".join(pieces)
    for i, piece in enumerate(pieces):
        if piece.startswith("(") and piece.endswith(")") and not is_atom(piece):
            bare = [*pieces[:i], piece[1:-1], *pieces[i + 1 :]]
            if _same_tree("".join(bare), whole):
                pieces, whole = bare, "".join(bare)
    return whole


def _same_tree(one: str, other: str) -> bool:
    try:
        return ast.dump(ast.parse(one, mode="eval")) == ast.dump(ast.parse(other, mode="eval"))
    except SyntaxError:
        return False


@functools.cache
def _parsed(template: str) -> list[tuple[str, str | None, str | None]]:
    return [(t, f, s) for t, f, s, _ in string.Formatter().parse(template)]


def _stands_alone(before: str, after: str) -> bool:
    before, after = before.rstrip(), after.lstrip()
    opened = not before or (
        before[-1] in "([,=" and not before.endswith("==") and not before.endswith((">=", "<=", "!="))
    )
    closed = not after or after[0] in ")],"
    if before.endswith("="):
        # A keyword's value, not a comparison's.
        opened = before[-2:-1].isidentifier() or before[-2:-1].isalnum()
    return bool(opened and closed)


__all__ = ["Expressions", "Literal", "is_atom", "quoted"]

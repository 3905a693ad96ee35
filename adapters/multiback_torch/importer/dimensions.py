"""Symbolic sizes of torch's programs as `Dim`s."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import sympy

from multiback.errors import UnsupportedModel
from multiback.graph.dims import Dim, Size, maximum

Names = Mapping[str, Dim]
"""The `Dim` that each symbol of a program stands for."""


def as_size(size: Any, names: Names) -> Size:
    """An int or `torch.SymInt` as an int or a `Dim`.

    Raises:
        UnsupportedModel: if it depends on data, or on sizes in a way that a `Dim` cannot say.
    """
    if isinstance(size, int):
        return int(size)
    return _converted(sympy.sympify(size.node.expr), names)


def symbols(size: Any) -> list[str]:
    """The symbols that a size depends on."""
    return [] if isinstance(size, int) else sorted(map(str, size.node.expr.free_symbols))


def _converted(expression: Any, names: Names) -> Size:
    if expression.is_Integer:
        return int(expression)
    if expression.is_Symbol:
        if str(expression) not in names:
            raise UnsupportedModel(
                f"The model has an array whose size ({expression}) depends on the numbers in its inputs. "
                "Rewrite that part with a fixed size and a mask, or with torch.where."
            )
        return names[str(expression)]
    kind = type(expression).__name__
    if kind in _ROUNDED and type(expression.args[0]).__name__ in ("IntTrueDiv", "FloatTrueDiv"):
        a, b = (_converted(x, names) for x in expression.args[0].args)
        return -(-a // b) if kind == "CeilToInt" else a // b
    if kind not in _RULES:
        raise UnsupportedModel(f"The model has a size that cannot be written with + - * // %: {expression}.")
    return functools.reduce(_RULES[kind], (_converted(x, names) for x in expression.args))


def _power(base: Size, exponent: Size) -> Size:
    if not isinstance(exponent, int) or exponent < 0:
        raise UnsupportedModel(f"The model has a size that cannot be written with + - * // %: {base} to {exponent}.")
    return math.prod([base] * exponent)  # type: ignore[return-value]


_ROUNDED = ("FloorToInt", "TruncToInt", "CeilToInt")
_RULES: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Mul": operator.mul,
    "FloorDiv": operator.floordiv,
    "CleanDiv": operator.floordiv,
    "CeilDiv": lambda a, b: -(-a // b),
    "Mod": operator.mod,
    "PythonMod": operator.mod,
    "Max": maximum,
    "Min": lambda a, b: a + b - maximum(a, b),
    "Pow": _power,
    "PowByNatural": _power,
}

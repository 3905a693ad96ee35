"""Python's operators, by the name of the function that each of them is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from multiback.errors import DtypeError, ShapeError

UNARY = {"__abs__": "abs", "__invert__": "bitwise_invert", "__neg__": "negative", "__pos__": "positive"}

COMPARISONS = {
    "__eq__": "equal",
    "__ge__": "greater_equal",
    "__gt__": "greater",
    "__le__": "less_equal",
    "__lt__": "less",
    "__ne__": "not_equal",
}

BINARY = {
    "add": "add",
    "and": "bitwise_and",
    "floordiv": "floor_divide",
    "lshift": "bitwise_left_shift",
    "matmul": "matmul",
    "mod": "remainder",
    "mul": "multiply",
    "or": "bitwise_or",
    "pow": "pow",
    "rshift": "bitwise_right_shift",
    "sub": "subtract",
    "truediv": "divide",
    "xor": "bitwise_xor",
}
"""Each has a reflected form, `__radd__`, and one in place, `__iadd__`."""


def _apply(function: str, *operands: Any) -> Any:
    namespace = sys.modules["multiback.array_api"]
    if any(not isinstance(x, namespace.Array | bool | int | float | complex) for x in operands):
        return NotImplemented
    return getattr(namespace, function)(*operands)


def _unary(function: str) -> Callable[[Any], Any]:
    def method(self: Any, /) -> Any:
        return _apply(function, self)

    return method


def _binary(function: str) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any, /) -> Any:
        return _apply(function, self, other)

    return method


def _reflected(function: str) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any, /) -> Any:
        return _apply(function, other, self)

    return method


def _in_place(function: str) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any, /) -> Any:
        result = _apply(function, self, other)
        if result is NotImplemented:
            return result
        if result.shape != self.shape:
            raise ShapeError(f"In place the shape {self.shape} must stay; the result has {result.shape}.")
        if result.dtype != self.dtype:
            raise DtypeError(f"In place the dtype {self.dtype.name} must stay; the result has {result.dtype.name}.")
        self.native = result.native
        return self

    return method


class Operators:
    """The operators of an array."""

    __slots__ = ()


def _define(name: str, method: Callable[..., Any]) -> None:
    method.__name__, method.__qualname__ = name, f"Array.{name}"
    setattr(Operators, name, method)


for _name, _function in UNARY.items():
    _define(_name, _unary(_function))
for _name, _function in COMPARISONS.items():
    _define(_name, _binary(_function))
for _name, _function in BINARY.items():
    _define(f"__{_name}__", _binary(_function))
    _define(f"__r{_name}__", _reflected(_function))
    _define(f"__i{_name}__", _in_place(_function))

"""Arithmetic, comparison and logic, element by element."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import ops
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler

_UNARY: dict[str, tuple[str, str | None]] = {
    "Abs": ("abs", "abs"),
    "Acos": ("arccos", None),
    "Acosh": ("arccosh", None),
    "Asin": ("arcsin", None),
    "Asinh": ("arcsinh", None),
    "Atan": ("arctan", None),
    "Atanh": ("arctanh", None),
    "BitwiseNot": ("bitwise_not", None),
    "Ceil": ("ceil", "ceil"),
    "Cos": ("cos", None),
    "Cosh": ("cosh", None),
    "Erf": ("erf", None),
    "Exp": ("exp", None),
    "Floor": ("floor", "floor"),
    "IsNaN": ("isnan", None),
    "Log": ("log", None),
    "Neg": ("negative", "negative"),
    "Not": ("logical_not", "logical_not"),
    "Reciprocal": ("reciprocal", None),
    "Round": ("round", "round"),
    "Sign": ("sign", None),
    "Sin": ("sin", None),
    "Sinh": ("sinh", None),
    "Sqrt": ("sqrt", "sqrt"),
    "Tan": ("tan", None),
    "Tanh": ("tanh", None),
}
_BINARY: dict[str, tuple[str, str | None]] = {
    "Add": ("add", "add"),
    "And": ("logical_and", "logical_and"),
    "BitwiseAnd": ("bitwise_and", None),
    "BitwiseOr": ("bitwise_or", None),
    "BitwiseXor": ("bitwise_xor", None),
    "Equal": ("equal", "equal"),
    "Greater": ("greater", "greater"),
    "GreaterOrEqual": ("greater_equal", "greater_equal"),
    "Less": ("less", "less"),
    "LessOrEqual": ("less_equal", "less_equal"),
    "Mul": ("multiply", "multiply"),
    "Or": ("logical_or", "logical_or"),
    "Sub": ("subtract", "subtract"),
    "Xor": ("logical_xor", "logical_xor"),
}


def _plain(op: str, fold: str | None) -> Callable[..., Any]:
    def function(node: Node, *values: Any) -> Any:
        if node.version < 7 and len(values) == 2:
            values = (values[0], aligned(node, *values))
        if fold is not None and (folded := node.fold(fold, *values)) is not None:
            return folded
        return getattr(ops, op)(*map(array, values))

    return function


def aligned(node: Node, a: Any, b: Any) -> Any:
    """The second operand as opset 6 broadcasts it: its axes begin at `axis` of the first."""
    axis = node.get("axis")
    if not node.get("broadcast", 0) or axis is None or b.ndim in (0, a.ndim):
        return b
    after = a.ndim - (axis % a.ndim) - b.ndim
    return ops.reshape(array(b), (*b.shape, *[1] * after))


for _name, (_op, _fold) in {**_UNARY, **_BINARY}.items():
    handler(_name)(_plain(_op, _fold))


@handler("Identity")
def identity(node: Node, x: Any) -> Any:
    """The value itself."""
    return x


@handler("Div")
def divide(node: Node, a: Any, b: Any) -> Any:
    """Quotient; integers are cut off toward zero."""
    if (folded := node.fold("divide", a, b)) is not None:
        return folded
    b = aligned(node, a, b) if node.version < 7 else b
    dtype = dtype_of(a)
    if not dtype.is_integer:
        return ops.divide(array(a), array(b))
    a, b = array(a), array(b)
    if dtype.kind == "u":
        return ops.floor_divide(a, b)
    quotient = ops.floor_divide(ops.abs(a), ops.abs(b))
    return ops.multiply(quotient, ops.multiply(ops.sign(a), ops.sign(b)))


@handler("Mod")
def modulo(node: Node, a: Any, b: Any) -> Any:
    """Remainder with the sign of the divisor, or, with `fmod`, of the dividend."""
    if not node.get("fmod", 0):
        folded = node.fold("remainder", a, b)
        return ops.remainder(array(a), array(b)) if folded is None else folded
    a, b = array(a), array(b)
    dtype = dtype_of(a)
    if dtype.kind == "u":
        return ops.remainder(a, b)
    rest = ops.remainder(ops.abs(a), ops.abs(b))
    return ops.multiply(rest, ops.sign(a)) if dtype.is_integer else ops.copysign(rest, a)


@handler("Pow")
def power(node: Node, a: Any, b: Any) -> Any:
    """a ** b in the dtype of a."""
    b = aligned(node, a, b) if node.version < 7 else b
    if dtype_of(a) == dtype_of(b):
        folded = node.fold("power", a, b) if dtype_of(a).is_float else None
        return ops.power(array(a), array(b)) if folded is None else folded
    dtype = dtype_of(a)
    fixed = isinstance(b, np.ndarray) and b.dtype != object and not b.ndim
    if fixed and (dtype.is_float or float(b).is_integer()):
        return ops.power(array(a), array(b.astype(dtype.numpy)))
    return ops.cast(ops.power(array(a), array(b)), dtype)


def _folded_over(op: str, fold: str | None) -> Callable[..., Any]:
    def function(node: Node, *values: Any) -> Any:
        if fold is not None and len(values) > 1:
            parts = [values[0]]
            for value in values[1:]:
                parts = [node.fold(fold, parts[0], value)] if parts[0] is not None else [None]
            if parts[0] is not None:
                return parts[0]
        return functools.reduce(getattr(ops, op), map(array, values))

    return function


handler("Max")(_folded_over("maximum", "maximum"))
handler("Min")(_folded_over("minimum", "minimum"))
handler("Sum")(_folded_over("add", "add"))


@handler("Mean")
def mean(node: Node, *values: Any) -> Any:
    """The mean of several arrays."""
    total = functools.reduce(ops.add, map(array, values))
    return ops.divide(total, len(values)) if len(values) > 1 else total


@handler("Clip", 6)
def clip_by_attributes(node: Node, x: Any) -> Any:
    """Limited to a range given as attributes."""
    return _clipped(array(x), node.get("min"), node.get("max"))


@handler("Clip", 11, constants=(1, 2))
def clip(node: Node, x: Any, low: Any = None, high: Any = None) -> Any:
    """Limited to a range given as operands; either may be left out."""
    bounds = (
        b.item() if isinstance(b, np.ndarray) and b.dtype != object and b.size == 1 else array(b) for b in (low, high)
    )
    return _clipped(array(x), *(None if b is None else b for b in bounds))


def _clipped(x: Any, low: Any, high: Any) -> Any:
    if low is None:
        return x if high is None else ops.minimum(x, high)
    if high is None:
        return ops.maximum(x, low)
    numbers = isinstance(low, int | float) and isinstance(high, int | float)
    return ops.clip(x, low, high) if not numbers or low <= high else ops.full(x.shape, high, dtype_of(x))


@handler("Where")
def where(node: Node, condition: Any, a: Any, b: Any) -> Any:
    """Elements of a where the condition holds, else of b."""
    folded = node.fold("where", condition, a, b)
    return ops.where(array(condition), array(a), array(b)) if folded is None else folded


@handler("IsInf")
def isinf(node: Node, x: Any) -> Any:
    """Whether elements are infinite, of the signs that are asked for."""
    x = array(x)
    negative, positive = node.get("detect_negative", 1), node.get("detect_positive", 1)
    if negative and positive:
        return ops.isinf(x)
    if not negative and not positive:
        return ops.full(x.shape, False, "bool")
    return ops.equal(x, float("inf") if positive else float("-inf"))


@handler("BitShift")
def bit_shift(node: Node, a: Any, b: Any) -> Any:
    """Bits moved left or right."""
    shift = ops.bitwise_left_shift if node.get("direction") == "LEFT" else ops.bitwise_right_shift
    return shift(array(a), array(b))

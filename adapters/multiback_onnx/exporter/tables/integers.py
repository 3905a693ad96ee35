"""Arithmetic, comparisons and bits, where narrow and unsigned integers take the way through int64.

ONNX allows most operators on all integers, but runtimes have them for int32 and int64 only; sums, products and bits
of integers are the same after the way through int64, as the cast back drops what is above.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes
from multiback.dtypes import DType
from multiback.graph.ir import Equation
from multiback_onnx.exporter.emitter import FIRST, Call, View
from multiback_onnx.exporter.tables import writes
from multiback_onnx.exporter.tables.elementwise import combined, together

_COMMON = (dtypes.int32, dtypes.int64)


def is_narrow(dtype: DType) -> bool:
    """Whether runtimes lack arithmetic on this integer dtype."""
    return dtype.is_integer and dtype not in _COMMON


def widened(call: Call, *operands: Any) -> tuple[list[str], tuple[int, ...] | None]:
    """As `together`, with narrow integers in int64."""
    names, order = together(call, *operands)
    return [call.emitter.cast(n, dtypes.int64) if is_narrow(x.dtype) else n for n, x in zip(names, operands)], order


def narrowed(call: Call, name: str, dtype: DType) -> str:
    """A result of `widened` operands in their dtype."""
    return call.emitter.cast(name, dtype) if is_narrow(dtype) else name


def _arithmetic(op: str, name: str) -> None:
    @writes(op)
    def _(call: Call, x1: Any, x2: Any) -> View:
        names, order = widened(call, x1, x2)
        return View(narrowed(call, call.emitter.node(name, names), call.out.dtype), order)


for _op, _name in {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "power": "Pow",
    "maximum": "Max",
    "minimum": "Min",
}.items():
    _arithmetic(_op, _name)


def _comparison(op: str, name: str, **more: Any) -> None:
    @writes(op, **more)
    def _(call: Call, x1: Any, x2: Any) -> View:
        names, order = widened(call, x1, x2)
        if x1.dtype == dtypes.uint64 and name != "Equal":
            # Moved by 2**63, unsigned numbers have the order of signed ones.
            names = [call.emitter.node("Add", [n, call.emitter.number(FIRST, dtypes.int64)]) for n in names]
        return View(call.emitter.node(name, names), order)


def _any(equation: Equation, opset: int) -> bool:
    return True


_comparison("equal", "Equal")
_comparison("less", "Less")
_comparison("less_equal", "LessOrEqual")
_comparison("greater", "Greater", when=_any)
_comparison("greater_equal", "GreaterOrEqual", when=_any)


@writes("not_equal", when=_any)
def _not_equal(call: Call, x1: Any, x2: Any) -> View:
    names, order = widened(call, x1, x2)
    return View(call.emitter.node("Not", [call.emitter.node("Equal", names)]), order)


def _divisor(call: Call, divisor: str, dtype: DType) -> tuple[str, str, str]:
    """A divisor without 0 and -1, and where they were: by these, a runtime's integer division can end the process."""
    e = call.emitter
    zero, minus = (e.node("Equal", [divisor, e.number(n, dtype)]) for n in (0, -1))
    return e.node("Where", [e.node("Or", [zero, minus]), e.number(1, dtype), divisor]), zero, minus


def _truncated(call: Call, a: str, b: str, dtype: DType) -> tuple[str, str]:
    """The remainder with the sign of the dividend, and where that of the divisor is another."""
    e = call.emitter
    zero = e.number(0, dtype)
    rest = e.node("Mod", [a, b], fmod=1)
    signs = e.node("Xor", [e.node("Less", [rest, zero]), e.node("Less", [b, zero])])
    return rest, e.node("And", [e.node("Not", [e.node("Equal", [rest, zero])]), signs])


@writes("remainder")
def _remainder(call: Call, x1: Any, x2: Any) -> View:
    e, dtype = call.emitter, call.out.dtype
    (a, b), order = widened(call, x1, x2)
    if dtype.is_float:
        rest, wrong = _truncated(call, a, b, dtype)
        return View(e.node("Where", [wrong, e.node("Add", [rest, b]), rest]), order)
    wide = dtypes.int64 if is_narrow(dtype) else dtype
    safe, zeros, _ = _divisor(call, b, wide)
    rest = e.node("Where", [zeros, e.number(0, wide), e.node("Mod", [a, safe])])
    return View(narrowed(call, rest, dtype), order)


@writes("floor_divide")
def _floor_divide(call: Call, x1: Any, x2: Any) -> View:
    e, dtype = call.emitter, call.out.dtype
    (a, b), order = widened(call, x1, x2)
    if dtype.is_float:
        rest, wrong = _truncated(call, a, b, dtype)
        whole = e.node("Round", [e.node("Div", [e.node("Sub", [a, rest]), b])])
        whole = e.node("Sub", [whole, e.cast(wrong, dtype)])
        plain, zero = e.node("Div", [a, b]), e.node("Equal", [b, e.number(0, dtype)])
        return View(e.node("Where", [zero, plain, whole]), order)
    wide = dtypes.int64 if is_narrow(dtype) else dtype
    safe, zeros, minus = _divisor(call, b, wide)
    quotient = e.node("Div", [e.node("Sub", [a, e.node("Mod", [a, safe])]), safe])
    quotient = e.node("Where", [minus, e.node("Neg", [a]), quotient])
    return View(narrowed(call, e.node("Where", [zeros, e.number(0, wide), quotient]), dtype), order)


def _bits(op: str, of_bools: str, of_integers: str) -> None:
    @writes(op)
    def _(call: Call, x: Any, y: Any) -> View:
        return combined(call, of_bools if call.out.dtype == dtypes.bool_ else of_integers, x, y)


_bits("bitwise_and", "And", "BitwiseAnd")
_bits("bitwise_or", "Or", "BitwiseOr")
_bits("bitwise_xor", "Xor", "BitwiseXor")


@writes("bitwise_invert")
def _invert(call: Call, x: Any) -> str:
    return call.emitter.node("Not" if x.dtype == dtypes.bool_ else "BitwiseNot", [call.emitter.name(x)])


def _shifted(call: Call, x: Any, y: Any) -> tuple[str, str, str]:
    """x in int64, 2**y there, and whether y is a number of bits that x has."""
    e = call.emitter
    amount = e.cast(e.name(y), dtypes.int64)
    inside = e.node("And", [
        e.node("GreaterOrEqual", [amount, e.number(0, dtypes.int64)]),
        e.node("Less", [amount, e.number(x.dtype.bits, dtypes.int64)]),
    ])  # fmt: skip
    usable = e.node("Where", [inside, amount, e.number(0, dtypes.int64)])
    factor = e.node("BitShift", [e.number(1, dtypes.uint64), e.cast(usable, dtypes.uint64)], direction="LEFT")
    return e.cast(e.name(x), dtypes.int64), e.cast(factor, dtypes.int64), inside


@writes("bitwise_left_shift")
def _left_shift(call: Call, x: Any, y: Any) -> str:
    e = call.emitter
    number, factor, inside = _shifted(call, x, y)
    moved = e.node("Where", [inside, e.node("Mul", [number, factor]), e.number(0, dtypes.int64)])
    return moved if call.out.dtype == dtypes.int64 else e.cast(moved, call.out.dtype)


@writes("bitwise_right_shift")
def _right_shift(call: Call, x: Any, y: Any) -> str:
    e = call.emitter
    if x.dtype == dtypes.uint64 or (x.dtype == dtypes.uint32):
        amount = e.cast(e.name(y), x.dtype)
        moved = e.node("BitShift", [e.name(x), amount], direction="RIGHT")
        inside = e.node("Less", [e.cast(amount, dtypes.int64), e.number(x.dtype.bits, dtypes.int64)])
        pair = [e.cast(moved, dtypes.int64), e.number(0, dtypes.int64)]
        return e.cast(e.node("Where", [inside, *pair]), x.dtype)
    number, factor, inside = _shifted(call, x, y)
    if x.dtype == dtypes.int64:
        # 2**63 is negative there, and a shift by 63 leaves the sign.
        inside = e.node("And", [inside, e.node("Greater", [factor, e.number(0, dtypes.int64)])])
        factor = e.node("Where", [inside, factor, e.number(1, dtypes.int64)])
    moved = e.node("Div", [e.node("Sub", [number, e.node("Mod", [number, factor])]), factor])
    sign = e.node("Where", [
        e.node("Less", [number, e.number(0, dtypes.int64)]), e.number(-1, dtypes.int64), e.number(0, dtypes.int64)
    ])  # fmt: skip
    moved = e.node("Where", [inside, moved, sign])
    return moved if call.out.dtype == dtypes.int64 else e.cast(moved, call.out.dtype)


@writes("iota")
def _iota(call: Call, size: Any) -> str:
    e = call.emitter
    if isinstance(size, int):
        return e.constant(np.arange(size, dtype=np.int32))
    scalar = e.node("Squeeze", [e.size(size), e.integers(0)])
    zero, one = e.number(0, dtypes.int64), e.number(1, dtypes.int64)
    return e.cast(e.node("Range", [zero, scalar, one]), dtypes.int32)

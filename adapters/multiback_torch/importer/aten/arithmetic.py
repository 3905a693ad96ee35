"""Sums, products, quotients and powers, element by element."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback_torch.importer.aten._types import cast, promoted, result_type, value


def _scaled(x: Any, alpha: Any) -> Any:
    return x if isinstance(alpha, int | float) and alpha == 1 else ops.multiply(x, alpha)


def _add(self: Any, other: Any, alpha: Any = 1) -> Any:
    a, b = promoted(self, other)
    if value(a).dtype.kind == "b":
        return ops.logical_or(a, b) if alpha else ops.logical_or(a, False)
    return ops.add(a, _scaled(b, alpha))


def _sub(self: Any, other: Any, alpha: Any = 1) -> Any:
    a, b = promoted(self, other)
    return ops.subtract(a, _scaled(b, alpha))


def _rsub(self: Any, other: Any, alpha: Any = 1) -> Any:
    return _sub(other, self, alpha)


def _mul(self: Any, other: Any) -> Any:
    a, b = promoted(self, other)
    if result_type(self, other).kind == "b":
        return ops.logical_and(a, b)
    return ops.multiply(a, b)


def _truncated_quotient(a: Any, b: Any) -> Any:
    if value(a).dtype.is_inexact:
        return ops.trunc(ops.divide(a, b))
    quotient = ops.floor_divide(a, b)
    short = ops.logical_and(ops.less(quotient, 0), ops.not_equal(ops.multiply(quotient, b), a))
    return ops.add(quotient, ops.cast(short, quotient.dtype))


def _div(self: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    a, b = promoted(self, other, to_float=rounding_mode is None)
    if rounding_mode is None:
        return ops.divide(a, b)
    return ops.floor_divide(a, b) if rounding_mode == "floor" else _truncated_quotient(value(a), b)


def _floor_divide(self: Any, other: Any) -> Any:
    return ops.floor_divide(*promoted(self, other))


def _remainder(self: Any, other: Any) -> Any:
    return ops.remainder(*promoted(self, other))


def _fmod(self: Any, other: Any) -> Any:
    a, b = promoted(self, other)
    a, size = value(a), ops.abs(b)
    return ops.where(ops.less(a, 0), ops.negative(ops.remainder(ops.negative(a), size)), ops.remainder(a, size))


def _pow(self: Any, exponent: Any) -> Any:
    if isinstance(exponent, int | float) and exponent in (2, 1, 0.5) and not isinstance(self, int | float | complex):
        a = promoted(self, exponent)[0]
        if exponent == 2:
            return ops.square(a)
        return a if exponent == 1 else ops.sqrt(a)
    return ops.power(*promoted(self, exponent))


def _float_power(self: Any, exponent: Any, *, context: Any) -> Any:
    return ops.power(value(cast(self, context.dtype), context.dtype), cast(exponent, context.dtype))


def _addcmul(self: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    a, b, c = promoted(self, tensor1, tensor2)
    return ops.add(a, ops.multiply(_scaled(b, value), c))


def _addcdiv(self: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    a, b, c = promoted(self, tensor1, tensor2, to_float=True)
    return ops.add(a, ops.divide(_scaled(b, value), c))


def _lerp(self: Any, end: Any, weight: Any) -> Any:
    a, b, w = promoted(self, end, weight)
    return ops.add(a, ops.multiply(w, ops.subtract(b, a)))


def _true_divide(self: Any, other: Any) -> Any:
    return _div(self, other)


HANDLERS = {
    "aten.add": _add,
    "aten.add.Tensor": lambda self, other, *, alpha=1: _add(self, other, alpha),
    "aten.addcdiv": _addcdiv,
    "aten.addcmul": _addcmul,
    "aten.div": _div,
    "aten.divide": _div,
    "aten.float_power": _float_power,
    "aten.floor_divide": _floor_divide,
    "aten.fmod": _fmod,
    "aten.lerp": _lerp,
    "aten.mul": _mul,
    "aten.multiply": _mul,
    "aten.pow": _pow,
    "aten.remainder": _remainder,
    "aten.rsub": _rsub,
    "aten.rsub.Tensor": lambda self, other, *, alpha=1: _rsub(self, other, alpha),
    "aten.sub": _sub,
    "aten.sub.Tensor": lambda self, other, *, alpha=1: _sub(self, other, alpha),
    "aten.subtract": _sub,
    "aten.subtract.Tensor": lambda self, other, *, alpha=1: _sub(self, other, alpha),
    "aten.true_divide": _true_divide,
}

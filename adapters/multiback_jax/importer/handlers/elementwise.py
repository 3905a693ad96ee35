"""Primitives that work element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import dtypes, ops
from multiback.errors import PortError
from multiback_jax.importer.node import Handler, Node, as_value, cast, dtype_of


def plain(op: Callable[..., Any]) -> Handler:
    """The handler that is an op itself."""
    return lambda node, *operands: op(*operands)


def _maximum(node: Node, x: Any, y: Any) -> Any:
    return ops.logical_or(x, y) if dtype_of(x).kind == "b" else ops.maximum(x, y)


def _minimum(node: Node, x: Any, y: Any) -> Any:
    return ops.logical_and(x, y) if dtype_of(x).kind == "b" else ops.minimum(x, y)


def _add(node: Node, x: Any, y: Any) -> Any:
    return ops.logical_or(x, y) if dtype_of(x).kind == "b" else ops.add(x, y)


def _multiply(node: Node, x: Any, y: Any) -> Any:
    return ops.logical_and(x, y) if dtype_of(x).kind == "b" else ops.multiply(x, y)


def _divide(node: Node, x: Any, y: Any) -> Any:
    if node.dtype.is_inexact:
        return ops.divide(x, y)
    if node.dtype.kind == "u":
        return ops.floor_divide(x, y)
    # Integers are divided toward zero: up from below where the signs differ and something is left.
    quotient = ops.floor_divide(x, y)
    up = ops.logical_and(ops.not_equal(ops.multiply(quotient, y), x), ops.not_equal(ops.less(x, 0), ops.less(y, 0)))
    return ops.add(quotient, ops.cast(up, node.dtype))


def _remainder(node: Node, x: Any, y: Any) -> Any:
    """The remainder with the sign of the dividend."""
    if node.dtype.kind == "u":
        return ops.remainder(x, y)
    left = ops.remainder(ops.abs(x), ops.abs(y))
    return ops.where(ops.less(x, 0), ops.negative(left), left)


def _integer_power(node: Node, x: Any) -> Any:
    exponent = int(node["y"])
    if exponent == 2:
        return ops.square(x)
    if exponent < 0:
        return ops.reciprocal(_powered(x, -exponent))
    return ops.ones_like(as_value(x)) if exponent == 0 else _powered(x, exponent)


def _powered(x: Any, exponent: int) -> Any:
    result, square = None, x
    while exponent:
        if exponent & 1:
            result = square if result is None else ops.multiply(result, square)
        exponent >>= 1
        square = ops.square(square) if exponent else square
    return result


def _power(node: Node, x: Any, y: Any) -> Any:
    return ops.power(x, cast(y, dtype_of(x)) if dtype_of(x).is_inexact else y)


def _round(node: Node, x: Any) -> Any:
    if int(node["rounding_method"]) == 1:
        return ops.round(x)
    size = ops.abs(x)
    whole = ops.floor(size)
    away = ops.where(ops.greater_equal(ops.subtract(size, whole), 0.5), ops.add(whole, 1.0), whole)
    return ops.copysign(away, x)


def _clamp(node: Node, low: Any, x: Any, high: Any) -> Any:
    return ops.clip(x, low, high)


def _select(node: Node, which: Any, *cases: Any) -> Any:
    if len(cases) == 1:
        return cases[0]
    if dtype_of(which).kind == "b":
        return ops.where(which, cases[1], cases[0])
    result = cases[-1]
    for i in range(len(cases) - 2, -1, -1):
        result = ops.where(ops.equal(which, i), cases[i], result)
    return result


def _convert(node: Node, x: Any) -> Any:
    if dtype_of(x).is_complex and not node.dtype.is_complex and node.dtype.kind != "b":
        x = ops.real(x)
    return cast(x, node.dtype)


_PRECISIONS = {(8, 7): dtypes.bfloat16, (5, 10): dtypes.float16, (8, 23): dtypes.float32, (11, 52): dtypes.float64}


def _reduce_precision(node: Node, x: Any) -> Any:
    kept = _PRECISIONS.get((int(node["exponent_bits"]), int(node["mantissa_bits"])))
    if kept is None:
        raise PortError(
            f"reduce_precision to {node['exponent_bits']} bits of exponent and {node['mantissa_bits']} of mantissa is "
            "none of bfloat16, float16, float32, float64, which alone can be ported."
        )
    return x if kept.bits >= dtype_of(x).bits else cast(cast(x, kept), node.dtype)


def _sign(node: Node, x: Any) -> Any:
    if dtype_of(x).kind == "u":
        return ops.cast(ops.not_equal(x, 0), node.dtype)
    if dtype_of(x).is_complex:
        size = ops.abs(x)
        return ops.divide(x, ops.cast(ops.where(ops.equal(size, 0), 1.0, size), node.dtype))
    return ops.sign(x)


def _absolute(node: Node, x: Any) -> Any:
    return x if dtype_of(x).kind == "u" else ops.abs(x)


def _same(op: Callable[..., Any]) -> Handler:
    """Comparisons of bools through the integers 0 and 1."""

    def handler(node: Node, x: Any, y: Any) -> Any:
        if dtype_of(x).kind == "b":
            x, y = cast(x, dtypes.int32), cast(y, dtypes.int32)
        return op(x, y)

    return handler


def _cube_root(node: Node, x: Any) -> Any:
    size = ops.abs(x)
    zero = ops.equal(size, 0.0)
    safe = ops.where(zero, 1.0, size)
    root = ops.power(safe, 1.0 / 3.0)
    # One step of Newton's method takes away the rounding of 1/3; infinity stays.
    better = ops.subtract(root, ops.divide(ops.subtract(root, ops.divide(safe, ops.square(root))), 3.0))
    return ops.copysign(ops.where(zero, 0.0, ops.where(ops.isfinite(root), better, root)), x)


def _complex(node: Node, real: Any, imaginary: Any) -> Any:
    return ops.complex(real, imaginary)


def _conjugate(node: Node, x: Any) -> Any:
    return ops.conj(cast(x, node.dtype))


def _equal_in_order(node: Node, x: Any, y: Any) -> Any:
    return ops.logical_or(ops.equal(x, y), ops.logical_and(ops.isnan(x), ops.isnan(y)))


def _less_in_order(node: Node, x: Any, y: Any) -> Any:
    """The order in which NaN is the largest and the zeros are equal."""
    return ops.logical_or(ops.less(x, y), ops.logical_and(ops.logical_not(ops.isnan(x)), ops.isnan(y)))


def _less_equal_in_order(node: Node, x: Any, y: Any) -> Any:
    return ops.logical_or(ops.less_equal(x, y), ops.isnan(y))


def _identity(node: Node, x: Any) -> Any:
    return x


def _identities(node: Node, *operands: Any) -> Any:
    return operands


def _empty(node: Node, *operands: Any) -> Any:
    return ops.zeros(node.shape, node.dtype)


HANDLERS: dict[str, Handler] = {
    "abs": _absolute,
    "acos": plain(ops.arccos),
    "acosh": plain(ops.arccosh),
    "add": _add,
    "add_any": _add,
    "asin": plain(ops.arcsin),
    "asinh": plain(ops.arcsinh),
    "atan": plain(ops.arctan),
    "atan2": plain(ops.arctan2),
    "atanh": plain(ops.arctanh),
    "cbrt": _cube_root,
    "ceil": plain(ops.ceil),
    "clamp": _clamp,
    "complex": _complex,
    "conj": _conjugate,
    "convert_element_type": _convert,
    "copy": _identity,
    "copy_p": _identity,
    "cos": plain(ops.cos),
    "cosh": plain(ops.cosh),
    "device_put": _identities,
    "div": _divide,
    "empty": _empty,
    "empty2": _empty,
    "eq": _same(ops.equal),
    "eq_to": _equal_in_order,
    "erf": plain(ops.erf),
    "exp": plain(ops.exp),
    "exp2": plain(ops.exp2),
    "expm1": plain(ops.expm1),
    "floor": plain(ops.floor),
    "ge": _same(ops.greater_equal),
    "gt": _same(ops.greater),
    "imag": plain(ops.imag),
    "integer_pow": _integer_power,
    "is_finite": plain(ops.isfinite),
    "layout_constraint": _identity,
    "le": _same(ops.less_equal),
    "le_to": _less_equal_in_order,
    "log": plain(ops.log),
    "log1p": plain(ops.log1p),
    "logistic": plain(ops.sigmoid),
    "lt": _same(ops.less),
    "lt_to": _less_in_order,
    "max": _maximum,
    "min": _minimum,
    "mul": _multiply,
    "name": _identity,
    "ne": _same(ops.not_equal),
    "neg": plain(ops.negative),
    "nextafter": plain(ops.nextafter),
    "optimization_barrier": _identities,
    "pow": _power,
    "pvary": _identities,
    "real": plain(ops.real),
    "reduce_precision": _reduce_precision,
    "rem": _remainder,
    "reshard": _identity,
    "round": _round,
    "rsqrt": plain(ops.rsqrt),
    "select_n": _select,
    "sharding_constraint": _identity,
    "sign": _sign,
    "sin": plain(ops.sin),
    "sinh": plain(ops.sinh),
    "sqrt": plain(ops.sqrt),
    "square": plain(ops.square),
    "stop_gradient": plain(ops.stop_gradient),
    "sub": plain(ops.subtract),
    "tan": plain(ops.tan),
    "tanh": plain(ops.tanh),
}

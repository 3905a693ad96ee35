"""Primitives on the bits of integers."""

from __future__ import annotations

from typing import Any

from multiback import dtypes, ops
from multiback.dtypes import DType
from multiback_jax.importer.handlers.elementwise import plain
from multiback_jax.importer.node import Handler, Node, cast, dtype_of, known, number


def unsigned(dtype: DType) -> DType:
    """The unsigned dtype of the same width."""
    return dtypes.ALL[f"uint{dtype.bits}"]


def as_bits(x: Any, dtype: DType) -> Any:
    """The same bits read as another dtype of the same width."""
    array = known(x)
    if array is not None:
        return array.view(dtype.numpy) if array.dtype.itemsize == dtype.itemsize else cast(array, dtype)
    return x if dtype_of(x) == dtype else ops.bitcast(x, dtype)


def _shift_right_logical(node: Node, x: Any, amount: Any) -> Any:
    if dtype_of(x).kind == "u":
        return _shifted(ops.bitwise_right_shift, x, amount)
    positive = unsigned(dtype_of(x))
    return as_bits(_shifted(ops.bitwise_right_shift, as_bits(x, positive), as_bits(amount, positive)), dtype_of(x))


def _shifted(op: Any, x: Any, amount: Any) -> Any:
    places, bits = known(amount), dtype_of(x).bits
    if places is not None and not places.ndim and not 0 <= int(places) < bits:
        return ops.bitwise_right_shift(ops.bitwise_right_shift(x, bits - 1), 1)
    return op(x, amount)


def _shift_left(node: Node, x: Any, amount: Any) -> Any:
    places, bits = known(amount), dtype_of(x).bits
    if places is not None and not places.ndim and not 0 <= int(places) < bits:
        return ops.zeros_like(x)
    return ops.bitwise_left_shift(x, amount)


def _shift_right_arithmetic(node: Node, x: Any, amount: Any) -> Any:
    if dtype_of(x).kind == "i":
        return _shifted(ops.bitwise_right_shift, x, amount)
    signed = dtypes.ALL[f"int{dtype_of(x).bits}"]
    return as_bits(_shifted(ops.bitwise_right_shift, as_bits(x, signed), as_bits(amount, signed)), dtype_of(x))


def _bitcast(node: Node, x: Any) -> Any:
    here, wanted = dtype_of(x), node.dtype
    if here.bits == wanted.bits and "b" not in (here.kind, wanted.kind):
        return as_bits(x, wanted)
    if here.kind == "b" or wanted.kind == "b":
        return cast(x, wanted)
    whole = as_bits(x, unsigned(here))
    small = unsigned(wanted)
    if wanted.bits < here.bits:
        # One element becomes several, the lowest bits first.
        parts = [
            cast(_shifted(ops.bitwise_right_shift, whole, number(i * wanted.bits, unsigned(here))), small)
            for i in range(here.bits // wanted.bits)
        ]
        return as_bits(ops.stack(parts, -1), wanted)
    total = None
    for i in range(wanted.bits // here.bits):
        part = ops.bitwise_left_shift(cast(whole[..., i], small), number(i * here.bits, small))
        total = part if total is None else ops.bitwise_or(total, part)
    return as_bits(total, wanted)


def _count_bits(x: Any) -> Any:
    """How many bits are set, by adding up neighbours, then pairs, then fours."""
    dtype = dtype_of(x)

    def repeated(byte_pattern: int) -> Any:
        return number(int.from_bytes(bytes([byte_pattern]) * dtype.itemsize, "little"), dtype)

    def shifted(value: Any, places: int) -> Any:
        return ops.bitwise_right_shift(value, number(places, dtype))

    x = ops.subtract(x, ops.bitwise_and(shifted(x, 1), repeated(0x55)))
    x = ops.add(ops.bitwise_and(x, repeated(0x33)), ops.bitwise_and(shifted(x, 2), repeated(0x33)))
    x = ops.bitwise_and(ops.add(x, shifted(x, 4)), repeated(0x0F))
    places = 8
    while places < dtype.bits:
        x = ops.add(x, shifted(x, places))
        places *= 2
    return ops.bitwise_and(x, number(0x7F, dtype))


def _population_count(node: Node, x: Any) -> Any:
    return cast(_count_bits(as_bits(x, unsigned(dtype_of(x)))), node.dtype)


def _leading_zeros(node: Node, x: Any) -> Any:
    dtype = unsigned(dtype_of(x))
    x = as_bits(x, dtype)
    places = 1
    while places < dtype.bits:
        x = ops.bitwise_or(x, ops.bitwise_right_shift(x, number(places, dtype)))
        places *= 2
    return cast(ops.subtract(number(dtype.bits, dtype), _count_bits(x)), node.dtype)


def _upper_half(node: Node, x: Any, y: Any) -> Any:
    """The upper half of the product of two integers, from products of their halves."""
    dtype = dtype_of(x)
    half = dtype.bits // 2
    low = number(2**half - 1, dtype)

    def parts(value: Any) -> tuple[Any, Any]:
        return ops.bitwise_and(value, low), ops.bitwise_right_shift(value, number(half, dtype))

    (a, b), (c, d) = parts(x), parts(y)
    bottom = _shift_right_logical(node, ops.multiply(a, c), number(half, dtype))
    first = ops.add(ops.multiply(b, c), bottom)
    kept, carried = parts(first)
    second = ops.add(ops.multiply(a, d), kept)
    return ops.add(ops.add(ops.multiply(b, d), carried), ops.bitwise_right_shift(second, number(half, dtype)))


HANDLERS: dict[str, Handler] = {
    "and": plain(ops.bitwise_and),
    "bitcast_convert_type": _bitcast,
    "clz": _leading_zeros,
    "mulhi": _upper_half,
    "not": plain(ops.bitwise_invert),
    "or": plain(ops.bitwise_or),
    "population_count": _population_count,
    "shift_left": _shift_left,
    "shift_right_arithmetic": _shift_right_arithmetic,
    "shift_right_logical": _shift_right_logical,
    "xor": plain(ops.bitwise_xor),
}

"""Operations on bits; PyTensor has no shifts, so they are products and quotients by powers of two."""

import numpy as np
import pytensor.tensor as pt


def _shift(x, y):
    """The bits of a dtype, whether an amount is within them, and 2**amount (wrapping to the sign bit)."""
    bits = np.iinfo(x.dtype).bits
    within = pt.ge(y, 0) & pt.lt(y, bits)
    powers = pt.constant((2 ** np.arange(bits, dtype=np.uint64)).astype(x.dtype))
    return bits, within, powers[pt.switch(within, y, pt.zeros_like(y)).astype("int64")]


def bitwise_left_shift(x, y):
    _, within, power = _shift(x, y)
    return pt.switch(within, x * power, pt.zeros_like(x))


def bitwise_right_shift(x, y):
    bits, within, power = _shift(x, y)
    sign = -pt.lt(x, 0).astype(x.dtype)
    top = pt.eq(y, bits - 1) if x.dtype.startswith("int") else pt.zeros_like(within)
    return pt.switch(within & ~top, pt.floor_div(x, power), sign)


LOWER = {
    "bitwise_and": "pt.bitwise_and({x:array}, {y:array})",
    "bitwise_or": "pt.bitwise_or({x:array}, {y:array})",
    "bitwise_xor": "pt.bitwise_xor({x:array}, {y:array})",
    "bitwise_invert": "pt.invert({x:array})",
    "bitwise_left_shift": bitwise_left_shift,
    "bitwise_right_shift": bitwise_right_shift,
}

"""Powers, roots, exponentials, logarithms and the error function."""

import pytensor.tensor as pt


def power(x1, x2):
    if x1.dtype.startswith("float"):
        return pt.pow(x1, x2)
    zero, one = pt.constant(0).astype(x1.dtype), pt.constant(1).astype(x1.dtype)
    negative = pt.lt(x2, zero)
    whole = pt.pow(x1, pt.switch(negative, zero, x2)).astype(x1.dtype)
    if x1.dtype.startswith("u"):
        return whole
    unit = pt.switch(pt.eq(x1, -one), one - 2 * pt.bitwise_and(x2, one), pt.eq(x1, one))
    return pt.switch(negative, unit, whole).astype(x1.dtype)


LOWER = {
    "power": power,
    "sqrt": "pt.sqrt({x:array})",
    "exp": "pt.exp({x:array})",
    "expm1": "pt.expm1({x:array})",
    "log": "pt.log({x:array})",
    "log1p": "pt.log1p({x:array})",
    "erf": "pt.erf({x:array})",
}

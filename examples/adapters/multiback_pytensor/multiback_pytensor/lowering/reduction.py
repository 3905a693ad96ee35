"""Sums, products, extrema and tests along axes; products bear zeros, equal extrema share the gradient."""

import pytensor.tensor as pt

from multiback_pytensor.gradients import with_gradient


def prod(x, *, axis, keepdims, dtype):
    y = pt.prod(x, axis=axis, dtype=x.dtype, keepdims=True)
    if x.dtype.startswith("float"):

        def rule(g, y, x):
            # The product of the other elements. PyTensor's own gradient cannot be differentiated again.
            zero, one = pt.eq(x, 0), pt.ones_like(x)
            others = pt.switch(zero, one, x)
            rest = prod(others, axis=axis, keepdims=True, dtype=None)
            zeros = zero.astype("int64").sum(axis=axis, keepdims=True)
            only = pt.switch(zero & pt.eq(zeros, 1), rest, pt.zeros_like(x))
            return g * pt.switch(pt.eq(zeros, 0), rest / others, only)

        y = with_gradient(y, [x], rule)
    return y if keepdims else pt.squeeze(y, axis)


def amax(x, *, axis, keepdims):
    return _extremum(pt.max, x, axis, keepdims)


def amin(x, *, axis, keepdims):
    if not x.dtype.startswith("float"):
        # PyTensor takes the largest of -x, but the smallest integer has no negative.
        return pt.invert(amax(pt.invert(x), axis=axis, keepdims=keepdims))
    return _extremum(pt.min, x, axis, keepdims)


def _extremum(function, x, axis, keepdims):
    if not axis:
        return x
    y = function(x, axis=axis, keepdims=True)
    if x.dtype.startswith("float"):

        def rule(g, y, x):
            chosen = pt.eq(x, y).astype(x.dtype)
            return chosen * (g / chosen.sum(axis=axis, keepdims=True))

        y = with_gradient(y, [x], rule)
    return y if keepdims else pt.squeeze(y, axis)


LOWER = {
    "sum": "pt.sum({x:array}, axis={axis}, dtype={output_dtype}, keepdims={keepdims})",
    "prod": prod,
    "amax": amax,
    "amin": amin,
    "any": "pt.any({x:array}, axis={axis}, keepdims={keepdims})",
}

"""Running sums and products, and a gradient of the products that bears zeros."""

import pytensor.tensor as pt

from multiback_pytensor.gradients import with_gradient


def cumulative_sum(x, *, axis, reverse):
    return _turned(pt.cumsum, x, axis, reverse)


def cumulative_prod(x, *, axis, reverse):
    y = _turned(pt.cumprod, x, axis, reverse)
    if not x.dtype.startswith("float"):
        return y

    def rule(g, y, x):
        # Before the first zero: sum_j g[j] y[j] / x[i]. At it: the same with a one in its place. After it: nothing.
        zero = pt.eq(x, 0)
        seen = cumulative_sum(zero.astype("int32"), axis=axis, reverse=reverse)
        first = zero & pt.eq(seen, 1)
        one = pt.ones_like(x)
        without = cumulative_prod(pt.switch(first, one, x), axis=axis, reverse=reverse)
        before = cumulative_sum(g * y, axis=axis, reverse=not reverse) / pt.switch(zero, one, x)
        at = cumulative_sum(g * without, axis=axis, reverse=not reverse)
        return pt.switch(pt.eq(seen, 0), before, pt.switch(first, at, pt.zeros_like(x)))

    return with_gradient(y, [x], rule)


def _turned(function, x, axis, reverse):
    # NumPy accumulates small integers in 64 bits; PyTensor says that the result has their dtype.
    wide = x if x.dtype.startswith("float") else x.astype("uint64" if x.dtype.startswith("u") else "int64")
    key = (*[slice(None)] * axis, slice(None, None, -1 if reverse else None))
    return function(wide[key], axis)[key].astype(x.dtype)


LOWER = {"cumulative_sum": cumulative_sum, "cumulative_prod": cumulative_prod}

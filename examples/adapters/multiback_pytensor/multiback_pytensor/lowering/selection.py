"""Choosing between elements; a tie shares its gradient."""

import pytensor.tensor as pt

from multiback_pytensor.gradients import with_gradient


def maximum(x1, x2):
    return _extremum(pt.maximum, pt.gt, x1, x2)


def minimum(x1, x2):
    return _extremum(pt.minimum, pt.lt, x1, x2)


def _extremum(function, wins, x1, x2):
    y = function(x1, x2)
    if not x1.dtype.startswith("float"):
        return y

    def rule(g, y, x1, x2):
        tie, half, zero = pt.eq(x1, x2), g * pt.constant(0.5, dtype=g.dtype), pt.zeros_like(g)
        shares = (pt.switch(tie, half, pt.switch(wins(a, b), g, zero)) for a, b in ((x1, x2), (x2, x1)))
        return tuple(_summed_to(share, x) for share, x in zip(shares, (x1, x2)))

    return with_gradient(y, [x1, x2], rule)


def _summed_to(g, x):
    """The cotangent of an operand that was broadcast."""
    g = g.sum(axis=tuple(range(g.ndim - x.ndim)), dtype=g.dtype) if g.ndim > x.ndim else g
    axes = tuple(i for i, (n, m) in enumerate(zip(x.type.shape, g.type.shape)) if n == 1 and m != 1)
    return g.sum(axis=axes, keepdims=True, dtype=g.dtype) if axes else g


LOWER = {
    "where": "pt.switch({condition:array}, {x1:array}, {x2:array})",
    "maximum": maximum,
    "minimum": minimum,
}

"""Indexing and scattering. Negative indices count from the end; those out of range are clamped."""

import pytensor.tensor as pt


def _within(indices, size):
    indices = indices.astype("int64")
    return pt.clip(pt.switch(pt.lt(indices, 0), indices + size, indices), 0, size - 1)


def take(x, indices, *, axis):
    return x[(*[slice(None)] * axis, _within(indices, x.shape[axis]))]


def take_along_axis(x, indices, *, axis):
    return pt.take_along_axis(x, _within(indices, x.shape[axis]), axis)


def scatter_rows(x, indices, updates, *, reduction):
    places = _within(indices, x.shape[0])
    if reduction is None:
        return pt.set_subtensor(x[places], updates)
    if reduction == "add":
        return pt.inc_subtensor(x[places], updates)
    # Equal indices meet one after another: PyTensor has no such op, so each row of x looks at every update.
    chosen = pt.eq(pt.arange(x.shape[0])[:, None], places[None, :])
    chosen = chosen.reshape((x.shape[0], places.shape[0], *[1] * (x.ndim - 1)))
    if reduction == "mul":
        return x * pt.prod(pt.switch(chosen, updates[None], pt.ones_like(updates[None])), axis=1, dtype=x.dtype)
    rows = pt.concatenate([x[:, None], pt.switch(chosen, updates[None], x[:, None])], axis=1)
    return {"max": pt.max, "min": pt.min}[reduction](rows, axis=1)


LOWER = {
    "getitem": "{x:array}[{key:index}]",
    "take": take,
    "take_along_axis": take_along_axis,
    "scatter_rows": scatter_rows,
}

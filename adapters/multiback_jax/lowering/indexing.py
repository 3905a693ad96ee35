"""Indexing and scattering. Negative indices count from the end; those out of range are clamped (mode "clip")."""

import jax.numpy as jnp


def take(x, indices, *, axis):
    return jnp.asarray(x).at[(slice(None),) * axis + (indices,)].get(mode="clip")


def take_along_axis(x, indices, *, axis):
    places = jnp.where(indices < 0, indices + x.shape[axis], indices)
    return jnp.take_along_axis(x, jnp.clip(places, 0, x.shape[axis] - 1), axis, mode="promise_in_bounds")


def scatter_rows(x, indices, updates, *, reduction):
    rows = jnp.asarray(x).at[indices]
    write = {None: rows.set, "add": rows.add, "max": rows.max, "min": rows.min, "mul": rows.multiply}
    return write[reduction](updates, mode="clip")


LOWER = {
    "getitem": "{x}[{key:index}]",
    "take": take,
    "take_along_axis": take_along_axis,
    "scatter_rows": scatter_rows,
}

"""Slices at places that the graph computes."""

from jax import lax

from multiback.backends.protocol import Fast


def dynamic_slice(x, starts, *, shape):
    return lax.dynamic_slice(x, starts, shape, allow_negative_indices=False)


def dynamic_update_slice(x, starts, updates):
    return lax.dynamic_update_slice(x, updates, starts, allow_negative_indices=False)


FAST = {
    "dynamic_slice": Fast(dynamic_slice),
    "dynamic_update_slice": Fast(dynamic_update_slice),
}

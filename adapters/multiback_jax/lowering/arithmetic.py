"""Arithmetic; a zero divisor among integers gives 0, and the gradient of a magnitude at 0 is 0."""

import jax.numpy as jnp
from jax import lax


def floor_divide(x1, x2):
    if jnp.issubdtype(x1.dtype, jnp.floating):
        return jnp.floor_divide(lax.stop_gradient(x1), lax.stop_gradient(x2))
    zero = x2 == 0
    return jnp.where(zero, 0, jnp.floor_divide(x1, jnp.where(zero, 1, x2)))


def remainder(x1, x2):
    if jnp.issubdtype(x1.dtype, jnp.floating):
        return jnp.remainder(x1, x2)
    zero = x2 == 0
    return jnp.where(zero, 0, jnp.remainder(x1, jnp.where(zero, 1, x2)))


def magnitude(x):
    # The sign makes the gradient at 0 be 0.
    return jnp.abs(x) if jnp.iscomplexobj(x) else x * jnp.sign(x)


def sign(x):
    y = jnp.sign(x)
    if jnp.iscomplexobj(x):
        return jnp.where(x == 0, 0, y)  # where it is NaN
    return jnp.where(y == 0, 0, y)  # where it keeps the sign of a zero


LOWER = {
    "add": "{x1} + {x2}",
    "subtract": "{x1} - {x2}",
    "multiply": "{x1} * {x2}",
    "divide": "{x1} / {x2}",
    "floor_divide": floor_divide,
    "remainder": remainder,
    "negative": "-{x:array}",
    "abs": magnitude,
    "sign": sign,
}

"""Powers, roots, exponentials, logarithms and the error function."""

import jax.numpy as jnp


def power(x1, x2):
    if jnp.issubdtype(x1.dtype, jnp.inexact):
        return jnp.power(x1, x2)
    negative = x2 < 0
    whole = jnp.power(x1, jnp.where(negative, 0, x2))
    unit = jnp.where(x1 == -1, 1 - 2 * (x2 & 1), x1 == 1)
    return jnp.where(negative, unit, whole)


LOWER = {
    "power": power,
    "sqrt": "jnp.sqrt({x:array})",
    "exp": "jnp.exp({x:array})",
    "expm1": "jnp.expm1({x:array})",
    "log": "jnp.log({x:array})",
    "log1p": "jnp.log1p({x:array})",
    "erf": "lax.erf({x:array})",
}

"""Powers, roots, exponentials, logarithms and the error function."""

import jax
import jax.numpy as jnp


def power(x1, x2):
    if jnp.issubdtype(x1.dtype, jnp.inexact):
        return jnp.power(x1, x2)
    negative = x2 < 0
    whole = jnp.power(x1, jnp.where(negative, 0, x2))
    unit = jnp.where(x1 == -1, 1 - 2 * (x2 & 1), x1 == 1)
    return jnp.where(negative, unit, whole)


@jax.custom_jvp
def log1p_of_doubles(x):
    # XLA's polynomial is off by hundreds of units in the last place below -0.29; there 1 + x loses nothing.
    return jnp.where(x < -0.29, jnp.log(x + 1), jnp.log1p(x))


@log1p_of_doubles.defjvp
def _(primals, tangents):
    return log1p_of_doubles(*primals), tangents[0] / (primals[0] + 1)


def log1p(x):
    return log1p_of_doubles(x) if x.dtype == jnp.float64 else jnp.log1p(x)


LOWER = {
    "power": power,
    "sqrt": "jnp.sqrt({x:array})",
    "exp": "jnp.exp({x:array})",
    "expm1": "jnp.expm1({x:array})",
    "log": "jnp.log({x:array})",
    "log1p": log1p,
    "erf": "lax.erf({x:array})",
}

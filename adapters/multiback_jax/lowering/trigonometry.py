"""Trigonometric and hyperbolic functions."""

LOWER = {
    "sin": "jnp.sin({x:array})",
    "cos": "jnp.cos({x:array})",
    "arctan2": "jnp.arctan2({x1:array}, {x2:array})",
    "sinh": "jnp.sinh({x:array})",
    "cosh": "jnp.cosh({x:array})",
    "tanh": "jnp.tanh({x:array})",
    "arcsinh": "jnp.arcsinh({x:array})",
}

"""Comparisons with an operator of their own."""

from multiback.backends.protocol import Fast

FAST = {
    "not_equal": Fast("{x1} != {x2}"),
    "greater": Fast("{x1} > {x2}"),
    "greater_equal": Fast("{x1} >= {x2}"),
    "all": Fast("jnp.all({x}, {axis}, keepdims={keepdims})"),
}

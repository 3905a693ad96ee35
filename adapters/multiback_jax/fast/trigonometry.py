"""Trigonometric functions that XLA knows."""

from multiback.backends.protocol import Fast


def _is_complex(equation):
    return equation.flat_inputs[0].dtype.is_complex


def _is_accurate(equation):
    # By XLA's log1p of doubles, which is 140 units off near 0.4.
    return equation.flat_inputs[0].dtype != "float64"


FAST = {
    "tan": Fast("jnp.tan({x})"),
    "arcsin": Fast("jnp.arcsin({x})", when=_is_complex),
    "arccos": Fast("jnp.arccos({x})", when=_is_complex),
    "arctan": Fast("jnp.arctan({x})"),
    "arccosh": Fast("jnp.arccosh({x})", when=_is_complex),
    "arctanh": Fast("jnp.arctanh({x})", when=_is_accurate),
}

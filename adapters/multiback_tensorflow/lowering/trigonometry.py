"""Trigonometric and hyperbolic functions."""

LOWER = {
    "sin": "tf.sin({x:array})",
    "cos": "tf.cos({x:array})",
    "arctan2": "tf.atan2({x1:array}, {x2:array})",
    "sinh": "tf.sinh({x:array})",
    "cosh": "tf.cosh({x:array})",
    "tanh": "tf.tanh({x:array})",
    "arcsinh": "tf.asinh({x:array})",
}

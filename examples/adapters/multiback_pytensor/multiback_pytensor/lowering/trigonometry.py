"""Trigonometric and hyperbolic functions."""

LOWER = {
    "sin": "pt.sin({x:array})",
    "cos": "pt.cos({x:array})",
    "arctan2": "pt.arctan2({x1:array}, {x2:array})",
    "sinh": "pt.sinh({x:array})",
    "cosh": "pt.cosh({x:array})",
    "tanh": "pt.tanh({x:array})",
    "arcsinh": "pt.arcsinh({x:array})",
}

"""Trigonometric and hyperbolic functions."""

LOWER = {
    "sin": "torch.sin({x:array})",
    "cos": "torch.cos({x:array})",
    "arctan2": "torch.atan2({x1:array}, {x2:array})",
    "sinh": "torch.sinh({x:array})",
    "cosh": "torch.cosh({x:array})",
    "tanh": "torch.tanh({x:array})",
    "arcsinh": "torch.asinh({x:array})",
}

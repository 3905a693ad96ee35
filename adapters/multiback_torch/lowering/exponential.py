"""Powers, roots, exponentials, logarithms and the error function."""

LOWER = {
    "power": "torch.pow({x1}, {x2})",
    "sqrt": "torch.sqrt({x:array})",
    "exp": "torch.exp({x:array})",
    "expm1": "torch.expm1({x:array})",
    "log": "torch.log({x:array})",
    "log1p": "torch.log1p({x:array})",
    "erf": "torch.erf({x:array})",
}

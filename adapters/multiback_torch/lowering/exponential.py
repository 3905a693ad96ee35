"""Powers, roots, exponentials, logarithms and the error function."""

import torch


def erf(x):
    # The kernel for bfloat16 and float16 is off by a factor of two below 1e-6.
    return torch.erf(x.float()).to(x.dtype) if x.dtype.itemsize < 4 else torch.erf(x)


LOWER = {
    "power": "torch.pow({x1}, {x2})",
    "sqrt": "torch.sqrt({x:array})",
    "exp": "torch.exp({x:array})",
    "expm1": "torch.expm1({x:array})",
    "log": "torch.log({x:array})",
    "log1p": "torch.log1p({x:array})",
    "erf": erf,
}

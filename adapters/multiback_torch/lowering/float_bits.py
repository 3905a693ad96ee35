"""Floats as bit patterns."""

LOWER = {
    "bitcast": "{x:array}.detach().view({dtype})",
    "signbit": "torch.signbit({x:array})",
}

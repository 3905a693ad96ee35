"""Complex numbers."""

LOWER = {
    "complex": "torch.complex(*torch.broadcast_tensors({real:array}, {imag:array}))",
    "real": "torch.real({x:array}).clone()",
    "imag": "torch.imag({x:array}).clone()",
}

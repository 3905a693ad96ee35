"""Products of matrices and tensors."""

LOWER = {
    "matmul": "torch.matmul({x1}, {x2})",
    "einsum": "torch.einsum({subscripts}, {operands}).to({output_dtype})",
}

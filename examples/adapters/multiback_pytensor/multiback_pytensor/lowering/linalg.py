"""Products of matrices and tensors."""

import pytensor.tensor as pt


def einsum(operands, *, subscripts):
    return pt.einsum(subscripts, *operands).astype(operands[0].dtype)


LOWER = {"matmul": "pt.matmul({x1:array}, {x2:array})", "einsum": einsum}

"""Gradients of matrix products: a product with a matrix is folded into one product of matrices."""

from __future__ import annotations

from typing import Any

import torch

from multiback.graph.explicit import Rule
from multiback.graph.kernels import Kernel


def of_left(g, w):
    return torch.matmul(g, w.t())


def of_right(g, x):
    return torch.mm(x.flatten(0, -2).t(), g.flatten(0, -2))


_LEFT = Kernel("matmul_left_gradient", of_left, ("g", "w"))
_LEFT_OF_MATRIX = Kernel("matmul_left_gradient", "torch.mm({g}, {w}.t())", ("g", "w"))
_RIGHT = Kernel("matmul_right_gradient", of_right, ("g", "x"))
_RIGHT_OF_MATRIX = Kernel("matmul_right_gradient", "torch.mm({x}.t(), {g})", ("g", "x"))


def matmul(g: Any, y: Any, wanted: Any, x: Any, w: Any) -> Any:
    left, right = (_LEFT_OF_MATRIX, _RIGHT_OF_MATRIX) if x.ndim == 2 else (_LEFT, _RIGHT)
    return (
        left(g, w, outputs=x) if wanted[0] else None,
        right(g, x, outputs=w) if wanted[1] else None,
    )


def _by_matrix(equation: Any) -> bool:
    x, w = equation.inputs
    return x.ndim >= 2 and w.ndim == 2


BACKWARD = {"matmul": Rule(matmul, when=_by_matrix)}

"""Gradients of matrix products: a product with a matrix is folded into one product of matrices."""

from __future__ import annotations

from typing import Any

import torch

from multiback.backends.protocol import Fast
from multiback.graph.explicit import Rule
from multiback.graph.ir import Equation, Spec
from multiback.graph.kernels import Kernel
from multiback_torch.fast.linear import in_float32, onednn_linear


def of_left(g, w):
    return torch.matmul(g, w.t())


def of_right(g, x):
    return torch.mm(x.flatten(0, -2).t(), g.flatten(0, -2))


def of_right_turned(g, x):
    return torch.mm(g.flatten(0, -2).t(), x.flatten(0, -2)).t().contiguous()


def of_left_by_onednn(g, w):
    return onednn_linear(g, w.t(), None, activation="linear")


def of_right_by_onednn(g, x):
    return onednn_linear(x.flatten(0, -2).t(), g.flatten(0, -2), None, activation="linear")


def _left(g: Any, w: Any) -> Spec:
    return Spec((*g.shape[:-1], w.shape[0]), g.dtype)


def _right(g: Any, x: Any) -> Spec:
    return Spec((x.shape[-1], g.shape[-1]), g.dtype)


_LEFT = Kernel("matmul_left_gradient", of_left, ("g", "w"), (), _left)
_LEFT_OF_MATRIX = Kernel("matmul_left_gradient", "torch.mm({g}, {w}.t())", ("g", "w"), (), _left)
_RIGHT = Kernel("matmul_right_gradient", of_right, ("g", "x"), (), _right)
_RIGHT_OF_MATRIX = Kernel("matmul_right_gradient", "torch.mm({x}.t(), {g})", ("g", "x"), (), _right)


def matmul(g: Any, y: Any, wanted: Any, x: Any, w: Any) -> Any:
    left, right = (_LEFT_OF_MATRIX, _RIGHT_OF_MATRIX) if x.ndim == 2 else (_LEFT, _RIGHT)
    return (
        left(g, w, outputs=x) if wanted[0] else None,
        right(g, x, outputs=w) if wanted[1] else None,
    )


def _by_matrix(equation: Equation) -> bool:
    x, w = equation.flat_inputs
    return x.ndim >= 2 and w.ndim == 2


BACKWARD = {"matmul": Rule(matmul, when=_by_matrix)}
RIVALS = {
    "matmul_left_gradient": {"onednn": Fast(of_left_by_onednn, when=in_float32)},
    "matmul_right_gradient": {
        "onednn": Fast(of_right_by_onednn, when=in_float32),
        "turned": Fast(of_right_turned),
    },
}

"""Gradients of lookups: rows added up by torch's kernel for embeddings."""

from __future__ import annotations

from typing import Any

import torch

from multiback import dtypes
from multiback.graph.explicit import Rule
from multiback.graph.ir import Equation, Spec
from multiback.graph.kernels import Kernel
from multiback_torch.lowering.indexing import in_range


def rows(x, indices):
    if indices.dtype not in (torch.int32, torch.int64):
        indices = indices.to(torch.int64)
    if indices.device.type == "cpu":
        try:
            return torch.embedding(x, indices), indices
        except (IndexError, RuntimeError):
            pass  # An index is negative or out of range.
    indices = in_range(indices, x.shape[0])
    return torch.embedding(x, indices), indices


_ROWS = Kernel("rows", rows, ("x", "indices"))
_ROWS_GRADIENT = Kernel(
    "rows_gradient", "aten.embedding_dense_backward({g}, {places}, {x}.shape[0], -1, False)", ("g", "places", "x")
)


def _forward(outputs: Any, x: Any, indices: Any, *, axis: int) -> Any:
    return _ROWS(x, indices, outputs=(outputs, Spec(indices.shape, dtypes.int64)))


def _backward(g: Any, places: Any, wanted: Any, x: Any, indices: Any, *, axis: int) -> Any:
    return _ROWS_GRADIENT(g, places, x, outputs=x), None


def _of_table(equation: Equation) -> bool:
    x = equation.flat_inputs[0]
    return equation.attributes["axis"] == 0 and x.ndim == 2


BACKWARD = {"take": Rule(_backward, _forward, _of_table)}

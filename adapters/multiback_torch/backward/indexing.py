"""Gradients of lookups: rows added up by torch's kernel for embeddings."""

from __future__ import annotations

from typing import Any

from multiback import dtypes
from multiback.graph.explicit import Rule
from multiback.graph.ir import Equation, Spec
from multiback.graph.kernels import Kernel
from multiback_torch.lowering.indexing import embedded

_ROWS = Kernel("rows", embedded, ("x", "indices"))
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

"""Products with a matrix of weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import ops


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    if weight.ndim == 1:
        y = ops.matmul(x, weight)
        return y if bias is None else y + bias
    return ops.linear(x, ops.transpose(weight, (1, 0)), bias)


def _bilinear(first: Any, second: Any, weight: Any, bias: Any) -> Any:
    y = ops.einsum("...i,kij,...j->...k", first, weight, second)
    return y if bias is None else y + bias


HANDLERS: dict[str, Callable[..., Any]] = {"aten.linear": _linear, "aten.bilinear": _bilinear}

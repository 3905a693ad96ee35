"""The gradient of dropout: the mask again."""

from __future__ import annotations

from typing import Any

from multiback.graph.explicit import Rule
from multiback.graph.ir import Spec
from multiback.graph.kernels import Kernel
from multiback_torch.fast.random_draws import FAST, dropout_mask

_MASK = Kernel("dropout_mask", dropout_mask, ("key",), ("rate", "noise_shape", "dtype"))
_MASKED = Kernel("masked", "{x} * {mask}", ("x", "mask"))


def _forward(outputs: Any, x: Any, key: Any, *, rate: float, noise_shape: Any) -> Any:
    mask = _MASK(key, outputs=Spec(noise_shape, x.dtype), rate=rate, noise_shape=noise_shape, dtype=x.dtype)
    return _MASKED(x, mask, outputs=outputs), mask


def _backward(g: Any, mask: Any, wanted: Any, x: Any, key: Any, **attributes: Any) -> Any:
    return _MASKED(g, mask, outputs=x), None


BACKWARD = {"dropout": Rule(_backward, _forward, FAST["dropout"].when)}

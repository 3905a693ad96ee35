"""Gradients of softmax along one axis."""

from __future__ import annotations

from typing import Any

from multiback.graph.explicit import Rule
from multiback.graph.kernels import Kernel
from multiback_torch.fast.softmax import FAST

_SOFTMAX = Kernel(
    "softmax_gradient", "torch._softmax_backward_data({g}, {y}, {axis}, {output_dtype})", ("g", "y"), ("axis",)
)
_LOG_SOFTMAX = Kernel(
    "log_softmax_gradient", "torch._log_softmax_backward_data({g}, {y}, {axis}, {output_dtype})", ("g", "y"), ("axis",)
)


def _by(kernel: Kernel) -> Any:
    return lambda g, y, wanted, x, *, axis: (kernel(g, y, outputs=x, axis=axis),)


BACKWARD = {
    "softmax": Rule(_by(_SOFTMAX), when=FAST["softmax"].when),
    "log_softmax": Rule(_by(_LOG_SOFTMAX), when=FAST["log_softmax"].when),
}

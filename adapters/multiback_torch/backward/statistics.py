"""Gradients of means."""

from __future__ import annotations

import math
from typing import Any

import torch

from multiback.graph.explicit import Rule
from multiback.graph.kernels import Kernel


def mean_gradient(g, x, *, axis, keepdims):
    count = math.prod([x.shape[i] for i in axis])
    if x.ndim == 1 and axis and g.is_cpu:
        return torch.full_like(x, g.item() / count if count else 0.0)
    share = g / count
    if not keepdims:
        for i in axis:
            share = share.unsqueeze(i)
    return share.expand(x.shape)


_MEAN = Kernel("mean_gradient", mean_gradient, ("g", "x"), ("axis", "keepdims"))


def mean(g: Any, y: Any, wanted: Any, x: Any, *, axis: Any, keepdims: bool) -> Any:
    return (_MEAN(g, x, outputs=x, axis=axis, keepdims=keepdims),)


BACKWARD = {"mean": Rule(mean)}

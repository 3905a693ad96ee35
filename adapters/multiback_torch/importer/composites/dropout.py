"""Dropout in its kinds: it drops where the program was exported in training, and when the training form is traced."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from multiback import ops
from multiback_torch.importer.handlers import Context

_SELU_LIMIT = -1.7580993408473766
"""What SELU tends to for very small numbers: minus its scale times its alpha."""


def _dropout(x: Any, rate: float, training: bool, *, context: Context) -> Any:
    if not (training or context.training) or rate == 0:
        return x
    return ops.dropout(x, context.key(), rate)


def _feature_dropout(x: Any, rate: float, training: bool, *, context: Context) -> Any:
    """Whole channels are dropped."""
    if not (training or context.training) or rate == 0:
        return x
    return ops.dropout(x, context.key(), rate, _channels(x))


def _channels(x: Any) -> tuple[Any, ...]:
    return (*x.shape[:2], *(1,) * (x.ndim - 2))


def _native_dropout(x: Any, rate: float, training: bool | None, *, context: Context) -> Any:
    """The result, and which elements are kept."""
    if training is False and not context.training:
        return x, ops.ones(x.shape, "bool")
    kept = ops.logical_not(ops.bernoulli(context.key(), x.shape, rate))
    scale = 1 / (1 - rate) if rate < 1 else 0.0
    return ops.where(kept, x * scale, 0.0), kept


def _alpha(x: Any, rate: float, shape: Any, context: Context) -> Any:
    """Dropped elements become SELU's limit, and all are moved so that mean and variance stay."""
    if rate == 1:
        return ops.zeros_like(x)
    scale = 1 / math.sqrt((1 - rate) * (1 + rate * _SELU_LIMIT**2))
    dropped = ops.bernoulli(context.key(), shape, rate)
    return ops.where(dropped, _SELU_LIMIT, x) * scale - scale * rate * _SELU_LIMIT


def _alpha_dropout(x: Any, rate: float, training: bool, *, context: Context) -> Any:
    return _alpha(x, rate, x.shape, context) if (training or context.training) and rate else x


def _feature_alpha_dropout(x: Any, rate: float, training: bool, *, context: Context) -> Any:
    return _alpha(x, rate, _channels(x), context) if (training or context.training) and rate else x


HANDLERS: dict[str, Callable[..., Any]] = {
    "aten.dropout": _dropout,
    "aten.feature_dropout": _feature_dropout,
    "aten.native_dropout": _native_dropout,
    "aten.alpha_dropout": _alpha_dropout,
    "aten.feature_alpha_dropout": _feature_alpha_dropout,
}

"""Losses that torch's own rules of decomposition get wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import ops


def _multilabel_margin(x: Any, target: Any, reduction: int) -> Any:
    """The labels of a sample end at its first negative one; each is to lead every other class by 1."""
    rows, labels = (ops.reshape(a, (-1, a.shape[-1])) if a.ndim < 2 else a for a in (x, target))
    known = ops.greater(ops.cumprod(ops.cast(ops.greater_equal(labels, 0), "int32"), 1), 0)
    places = ops.where(known, labels, 0)
    classes = ops.arange(rows.shape[1], dtype="int64")
    chosen = ops.logical_and(ops.equal(ops.expand_dims(places, -1), classes), ops.expand_dims(known, -1))
    others = ops.logical_not(ops.any(chosen, axis=1, keepdims=True))
    lead = ops.expand_dims(ops.take_along_axis(rows, places, axis=1), -1) - ops.expand_dims(rows, 1)
    counted = ops.logical_and(ops.expand_dims(known, -1), others)
    loss = ops.sum(ops.where(counted, ops.maximum(1.0 - lead, 0.0), 0.0), axis=(1, 2)) / float(rows.shape[1])
    if reduction == 0:
        return loss if x.ndim > 1 else ops.squeeze(loss, 0)
    return ops.mean(loss) if reduction == 1 else ops.sum(loss)


def _multilabel_margin_forward(x: Any, target: Any, reduction: int) -> Any:
    return _multilabel_margin(x, target, reduction), None


HANDLERS: dict[str, Callable[..., Any]] = {
    "aten.multilabel_margin_loss": _multilabel_margin,
    "aten.multilabel_margin_loss_forward": _multilabel_margin_forward,
}

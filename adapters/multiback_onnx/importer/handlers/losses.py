"""Losses over class labels."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler


@handler("NegativeLogLikelihoodLoss", 12)
def negative_log_likelihood(node: Node, scores: Any, labels: Any, weight: Any = None) -> Any:
    """-score[label], weighted by class."""
    return _loss(node, array(scores), array(labels), weight)


@handler("SoftmaxCrossEntropyLoss", 12)
def softmax_cross_entropy(node: Node, scores: Any, labels: Any, weight: Any = None) -> Any:
    """The loss of log_softmax(scores) over the axis of classes; also those logarithms."""
    logs = ops.log_softmax(array(scores), 1)
    loss = _loss(node, logs, array(labels), weight)
    return (loss, logs) if node.wants(1) else loss


def _loss(node: Node, logs: Any, labels: Any, weight: Any) -> Any:
    ignored = node.get("ignore_index")
    dtype = dtype_of(logs)
    live = None if ignored is None else ops.not_equal(labels, ignored)
    safe = labels if live is None else ops.where(live, labels, 0)
    losses = ops.negative(ops.squeeze(ops.take_along_axis(logs, ops.expand_dims(safe, 1), 1), 1))
    weights = None if weight is None else ops.take(array(weight), safe, 0)
    if live is not None:
        weights = ops.where(live, 1.0 if weights is None else weights, 0.0)
        weights = ops.cast(weights, dtype)
        losses = ops.where(live, losses, 0.0)
    if weights is not None:
        losses = ops.multiply(losses, weights)
    reduction = node.get("reduction", "mean")
    if reduction == "none":
        return losses
    if reduction == "sum":
        return ops.sum(losses)
    return ops.mean(losses) if weights is None else ops.divide(ops.sum(losses), ops.sum(weights))

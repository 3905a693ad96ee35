"""Dropout and random numbers. Draws are the library's own: the same distribution, not the bits of another runtime."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback_onnx.importer.files import dtype_of as element_type
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler


@handler("Dropout", 6)
def dropout_by_attribute(node: Node, x: Any) -> Any:
    """Elements dropped in the training form, with the ratio of the attribute."""
    return _dropped(node, array(x), node.get("ratio", 0.5), False)


@handler("Dropout", 12, constants=(1,))
def dropout(node: Node, x: Any, ratio: Any = None, training: Any = None) -> Any:
    """Elements dropped in the training form, or wherever the node itself asks for training."""
    always = training is not None and bool(node.number(training, "training_mode"))
    return _dropped(node, array(x), 0.5 if ratio is None else node.number(ratio, "ratio"), always)


def _dropped(node: Node, x: Any, ratio: float, always: bool) -> Any:
    if not (always or node.training) or ratio == 0:
        return (x, ops.full(x.shape, True, "bool")) if node.wants(1) else x
    if not node.wants(1):
        return ops.dropout(x, node.run.key(), ratio)
    mask = ops.bernoulli(node.run.key(), x.shape, 1.0 - ratio)
    return ops.multiply(ops.where(mask, x, 0), 1.0 / (1.0 - ratio)), mask


def _element(node: Node, default: Any) -> Any:
    return element_type(node.get("dtype")) if node.get("dtype") else default


@handler("RandomNormal")
def random_normal(node: Node) -> Any:
    """Normal numbers."""
    return _normal(node, tuple(node.attributes["shape"]), _element(node, "float32"))


@handler("RandomNormalLike")
def random_normal_like(node: Node, x: Any) -> Any:
    """Normal numbers in the shape of an array."""
    return _normal(node, tuple(x.shape), _element(node, dtype_of(x)))


def _normal(node: Node, shape: Any, dtype: Any) -> Any:
    return ops.normal(node.run.key(), shape, node.get("mean", 0.0), node.get("scale", 1.0), dtype)


@handler("RandomUniform")
def random_uniform(node: Node) -> Any:
    """Uniform numbers."""
    return _uniform(node, tuple(node.attributes["shape"]), _element(node, "float32"))


@handler("RandomUniformLike")
def random_uniform_like(node: Node, x: Any) -> Any:
    """Uniform numbers in the shape of an array."""
    return _uniform(node, tuple(x.shape), _element(node, dtype_of(x)))


def _uniform(node: Node, shape: Any, dtype: Any) -> Any:
    return ops.uniform(node.run.key(), shape, node.get("low", 0.0), node.get("high", 1.0), dtype)


@handler("Bernoulli", 15)
def bernoulli(node: Node, x: Any) -> Any:
    """1 with the probability in each element, else 0."""
    x = array(x)
    wide = x if dtype_of(x) in ("float32", "float64") else ops.cast(x, "float32")
    drawn = ops.less(ops.uniform(node.run.key(), tuple(x.shape), dtype=dtype_of(wide)), wide)
    return ops.cast(drawn, _element(node, dtype_of(x)))


@handler("Multinomial", 7)
def multinomial(node: Node, x: Any) -> Any:
    """Classes drawn by the unnormalised log-probabilities in each row, by adding Gumbel noise."""
    x = array(x)
    count = node.get("sample_size", 1)
    batch, classes = x.shape
    u = ops.uniform(node.run.key(), (batch, count, classes), dtype=dtype_of(x))
    tiny = float(np.finfo(dtype_of(x).numpy).tiny)
    noise = ops.negative(ops.log(ops.negative(ops.log(ops.maximum(u, tiny)))))
    drawn = ops.argmax(ops.add(ops.expand_dims(x, 1), noise), -1)
    return ops.cast(drawn, _element(node, "int32"))

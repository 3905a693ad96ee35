"""Counts of short sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler


@handler("TfIdfVectorizer", 9)
def tf_idf(node: Node, x: Any) -> Any:
    """How often each sequence of a pool occurs in a row, neighbours up to `max_skip_count` apart; or its weight."""
    x = array(x)
    if node.get("pool_int64s") is None:
        raise node.refuse("pools of strings are not supported.")
    rows = x if x.ndim == 2 else ops.expand_dims(x, 0)
    length = rows.shape[1]
    if not isinstance(length, int):
        raise node.refuse("the length of the rows must be known.")
    places, weights = node.attributes["ngram_indexes"], node.get("weights")
    result = np.zeros((len(places), max(places) + 1), np.float32)
    result[np.arange(len(places)), places] = 1.0
    counts = []
    for size, grams in _pools(node):
        counts.append(_occurrences(node, rows, size, grams, length))
    total = ops.concat(counts, 1)
    mode = node.attributes["mode"]
    if mode == "IDF":
        total = ops.cast(ops.greater(total, 0.0), "float32")
    if mode != "TF" and weights is not None:
        total = ops.multiply(total, np.asarray(weights, np.float32))
    found = ops.matmul(total, result)
    return found if x.ndim == 2 else ops.squeeze(found, 0)


def _pools(node: Node) -> list[tuple[int, np.ndarray]]:
    """For each length of sequences, the sequences of that length, one a row."""
    starts, pool = node.attributes["ngram_counts"], np.asarray(node.attributes["pool_int64s"], np.int64)
    ends = [*starts[1:], len(pool)]
    return [(i + 1, pool[a:b].reshape(-1, i + 1)) for i, (a, b) in enumerate(zip(starts, ends, strict=True))]


def _occurrences(node: Node, rows: Any, size: int, grams: np.ndarray, length: int) -> Any:
    total: Any = ops.zeros((rows.shape[0], len(grams)), "float32")
    if not node.attributes["min_gram_length"] <= size <= node.attributes["max_gram_length"] or not len(grams):
        return total
    pool = grams.astype(dtype_of(rows).numpy)
    for skip in range(node.attributes["max_skip_count"] + 1 if size > 1 else 1):
        reach = (size - 1) * (skip + 1)
        if reach >= length:
            break
        same: Any = None
        for k in range(size):
            column = rows[:, k * (skip + 1) : length - reach + k * (skip + 1)]
            equal = ops.equal(ops.expand_dims(column, 2), pool[:, k])
            same = equal if same is None else ops.logical_and(same, equal)
        total = ops.add(total, ops.sum(ops.cast(same, "float32"), 1))
    return total

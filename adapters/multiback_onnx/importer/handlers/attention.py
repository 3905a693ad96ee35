"""Attention: the library's own op for its plain form; all else by the function that defines the op."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler

_UNDERSTOOD = {
    "is_causal", "kv_num_heads", "q_num_heads", "qk_matmul_output_mode", "scale", "softcap", "softmax_precision",
}  # fmt: skip


@handler("Attention", 23)
def attention(node: Node, query: Any, key: Any, value: Any, mask: Any = None, *others: Any) -> Any:
    """softmax(scale * query keys^T + bias) values, for each head; NotImplemented where the definition is followed."""
    query, key, value = array(query), array(key), array(value)
    mask = None if mask is None else array(mask)
    if not _plain(node, query, key, mask, others):
        return NotImplemented
    heads, groups = node.get("q_num_heads"), node.get("kv_num_heads")
    if query.ndim == 4:
        query, key, value = (ops.transpose(x, (0, 2, 1, 3)) for x in (query, key, value))
    else:
        query = ops.reshape(query, (*query.shape[:2], heads, query.shape[2] // heads))
        key, value = (ops.reshape(x, (*x.shape[:2], groups, x.shape[2] // groups)) for x in (key, value))
    if mask is not None:
        mask = ops.reshape(mask, (*[1] * (4 - mask.ndim), *mask.shape))
    boolean = mask is not None and dtype_of(mask).kind == "b"
    y = ops.dot_product_attention(
        query,
        key,
        value,
        None if boolean else mask,
        mask if boolean else None,
        node.get("scale"),
        bool(node.get("is_causal", 0)),
    )
    if heads is None:
        return ops.transpose(y, (0, 2, 1, 3))
    return ops.reshape(y, (*y.shape[:2], y.shape[2] * y.shape[3]))


def _plain(node: Node, query: Any, key: Any, mask: Any, others: tuple[Any, ...]) -> bool:
    """Whether there is no cache, no soft cap, no second output, and rounding is not that of a half precision."""
    if set(node.attributes) - _UNDERSTOOD:
        return False
    if any(x is not None for x in others) or any(node.wants(i) for i in (1, 2, 3)) or node.get("softcap", 0.0):
        return False
    if dtype_of(query) not in ("float32", "float64") or node.get("softmax_precision"):
        return False
    if (query.ndim == 4) != (node.get("q_num_heads") is None):
        return False
    length = key.shape[2] if key.ndim == 4 else key.shape[1]
    return mask is None or (
        mask.shape[-1] == length and (dtype_of(mask) == dtype_of(query) or dtype_of(mask) == "bool")
    )

"""Attention: averages of values, weighted by how well their keys match a query."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ShapeError
from multiback.graph.dims import divide_exactly
from multiback.ops._cases import FLOATS, HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._rules import as_type, broadcast_shapes, promoting
from multiback.ops.casting import cast
from multiback.ops.comparison import logical_and
from multiback.ops.creation import iota
from multiback.ops.joining import repeat
from multiback.ops.linalg import matmul
from multiback.ops.reduction import any
from multiback.ops.selection import where
from multiback.ops.shaping import reshape, transpose
from multiback.ops.softmax import softmax
from multiback.ops.trigonometry import tanh


def _canonical(call: dict[str, Any]) -> None:
    promoting("query", "key", "value", to_float=True)(call)
    query, key, value = call["query"], call["key"], call["value"]
    for name, x in (("query", query), ("key", key), ("value", value)):
        if x.ndim != 4:
            raise ShapeError(f"{name} must be (batch, length, heads, size), got shape {x.shape}.")
    batch, length, heads, size = query.shape
    if key.shape[:3] != value.shape[:3] or key.shape[0] != batch or key.shape[3] != size:
        raise ShapeError(f"query {query.shape}, key {key.shape} and value {value.shape} do not fit together.")
    if divide_exactly(heads, key.shape[2]) is None:
        raise ShapeError(f"The heads of the query ({heads}) must be a multiple of those of the key ({key.shape[2]}).")
    for name in ("bias", "mask"):
        if call[name] is not None:
            broadcast_shapes(call[name].shape, (batch, heads, length, key.shape[1]))
    call["bias"] = as_type(call["bias"], query.dtype)
    call["mask"] = as_type(call["mask"], dtypes.bool_)
    call["scale"] = float(size) ** -0.5 if call["scale"] is None else float(call["scale"])


def _scale(query: Any, key: Any, value: Any, bias: Any = None, mask: Any = None, **attributes: Any) -> Any:
    """Weights keep a relative error of the size of their logits, which is below 16 here."""
    largest = np.max(np.abs(value), axis=(1, 2), keepdims=True)
    return 16 * np.broadcast_to(largest, (*query.shape[:3], value.shape[3]))


_Q, _K, _V = Sample(("batch", 4, 2, 3)), Sample(("batch", 5, 2, 3)), Sample(("batch", 5, 2, 3))
_MASK = Sample(("batch", 1, 4, 5), dtype="bool", transform=lambda m: m | (np.arange(5) == 2))
_NOTHING = Sample(values=[[[[True, True, False, False, False]] * 3 + [[False] * 5]]], dtype="bool")
_BIAS = Sample((1, 2, 4, 5))
_K2 = Sample((2, 5, 2, 3))
_SOME = Sample((2, 1, 4, 5), dtype="bool", transform=lambda m: m | (np.arange(5) == 2))


@composite(
    canonical=_canonical,
    cases=[
        Case(operands, attributes, label, types, Bound(8, _scale), types is not OTHER_FLOATS)
        for label, operands, attributes, types in (
            ("plain", (_Q, _K, _V, None, None), {}, FLOATS),
            ("scale", (_Q, _K, _V, None, None), {"scale": 1.5}, FLOATS),
            ("mask", (_Q, _K, _V, None, _MASK), {}, FLOATS),
            ("nothing to see", (_Q, _K, _V, None, _NOTHING), {}, FLOATS),
            ("nothing to see, bias", (_Q, _K, _V, _BIAS, _NOTHING), {}, FLOATS),
            ("bias", (_Q, _K, _V, _BIAS, None), {}, FLOATS),
            ("bias of one axis", (_Q, _K, _V, Sample((5,)), None), {}, FLOATS),
            ("bias, mask", (_Q, _K, _V, _BIAS, _MASK), {}, FLOATS),
            ("causal", (_Q, _K, _V, None, None), {"is_causal": True}, FLOATS),
            (
                "causal, more queries than keys",
                (Sample((2, 7, 2, 3)), _K2, _K2, None, None),
                {"is_causal": True},
                FLOATS,
            ),
            ("causal, mask", (_Q, _K, _V, None, _MASK), {"is_causal": True}, FLOATS),
            ("causal, bias", (_Q, _K, _V, _BIAS, None), {"is_causal": True}, FLOATS),
            ("grouped", (Sample(("batch", 4, 6, 3)), _K, _V, None, None), {}, FLOATS),
            ("one key for all heads", (Sample((2, 4, 3, 3)), *[Sample((2, 5, 1, 3))] * 2, None, _SOME), {}, FLOATS),
            ("values of another size", (_Q, _K, Sample(("batch", 5, 2, 7)), None, None), {}, FLOATS),
            ("one key", (_Q, *[Sample(("batch", 1, 2, 3))] * 2, None, None), {}, FLOATS),
            ("symbolic", (*[Sample(("batch", "time", 2, 3))] * 3, None, None), {"is_causal": True}, FLOATS),
            ("capped", (_Q, _K, _V, _BIAS, _MASK), {"attn_logits_soft_cap": 2.0}, FLOATS),
            ("other floats", (Sample((2, 4, 2, 3)), _K2, _K2, None, None), {"is_causal": True}, OTHER_FLOATS),
            ("bias, mask, other floats", (Sample((2, 4, 2, 3)), _K2, _K2, _BIAS, _SOME), {}, OTHER_FLOATS),
            ("gradient in half precision", (Sample((2, 4, 2, 3)), _K2, _K2, None, _SOME), {}, HALVES),
        )
    ],
)
def dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    bias: Array | None = None,
    mask: Array | None = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """Scaled dot-product attention: softmax(scale * query keys^T + bias) values, for each head.

    Arguments:
        query: (batch, T, heads, size).
        key, value: (batch, S, heads or a divisor of it, size).
        bias: Added to the logits; broadcasts to (batch, heads, T, S).
        mask: Bools that broadcast to (batch, heads, T, S): whether the query sees the key. One that sees none gets 0.
        scale: By default 1 / sqrt(size).
        is_causal: Whether query t sees the keys 0 to t only.
        flash_attention: Accepted and ignored: adapters choose the kernel, and the result does not depend on it.
        attn_logits_soft_cap: If given, scaled logits l become cap * tanh(l / cap), before the bias.

    Returns:
        (batch, T, heads, size of the values), in the dtype of the operands; the softmax is taken in float32 or wider.

    Raises:
        ShapeError: if shapes do not fit.

    Source: Vaswani et al. 2017, Attention is all you need, section 3.2.1.

    Example:
        >>> x = ops.ones((1, 3, 2, 4))
        >>> tuple(ops.dot_product_attention(x, x, x).shape)
        (1, 3, 2, 4)
    """
    dtype = query.dtype  # type: ignore[attr-defined]
    if key.shape[2] != query.shape[2]:  # type: ignore[attr-defined]
        groups = query.shape[2] // key.shape[2]  # type: ignore[attr-defined]
        key, value = (repeat(x, groups, axis=2) for x in (key, value))
    logits = matmul(transpose(query, (0, 2, 1, 3)), transpose(key, (0, 2, 3, 1)))
    if dtype.bits < 32:
        logits = cast(logits, dtypes.float32)
    logits = logits * scale
    if attn_logits_soft_cap is not None:
        logits = tanh(logits / attn_logits_soft_cap) * attn_logits_soft_cap
    if bias is not None:
        logits = logits + cast(bias, logits.dtype)
    seen = mask
    if is_causal:
        t, s = logits.shape[2:]
        earlier = reshape(iota(t), (t, 1)) >= reshape(iota(s), (1, s))
        mask = earlier if mask is None else logical_and(mask, earlier)
        seen = None if seen is None else mask
    if mask is not None:
        logits = where(mask, logits, -0.7 * float(np.finfo(logits.dtype.numpy).max))
    weights = cast(softmax(logits, axis=-1), dtype)
    y = matmul(weights, transpose(value, (0, 2, 1, 3)))
    if seen is not None:
        y = where(any(seen, axis=-1, keepdims=True), y, 0.0)
    return transpose(y, (0, 2, 1, 3))

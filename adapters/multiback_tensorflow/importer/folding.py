"""Nodes whose inputs are all known while the graph is built: shapes, axes, and what is computed from them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback.errors import MultibackError
from multiback.graph.dims import Dim
from multiback.porting import host_values
from multiback.porting.host_values import host, is_symbolic
from multiback_tensorflow.importer import kernels
from multiback_tensorflow.importer.program import Node

LARGEST = 4096
"""Elements of the largest array that is computed here; larger ones are computed by the graph."""

_MOVING = frozenset(
    {
        "Cast", "ConcatV2", "ExpandDims", "Fill", "GatherV2", "GatherNd", "Pack", "Reshape", "Slice", "Split", "SplitV",
        "Squeeze", "StridedSlice", "Transpose", "Unpack", "OnesLike", "ZerosLike", "Range", "BroadcastTo", "ReverseV2",
        "Tile",
    }
)  # fmt: skip
"""Ops that round nothing, so that floats too may be computed here without changing a result."""

NUMERIC = frozenset(
    {
        "Abs", "Add", "AddN", "AddV2", "All", "Any", "ArgMax", "ArgMin", "BitwiseAnd", "BitwiseOr", "BitwiseXor",
        "BroadcastArgs", "BroadcastGradientArgs", "ConcatOffset", "Cumprod", "Cumsum", "Div", "DynamicStitch", "Equal",
        "FloorDiv", "FloorMod", "Greater", "GreaterEqual", "Invert", "InvertPermutation", "LeftShift", "Less",
        "LessEqual", "ListDiff", "LogicalAnd", "LogicalNot", "LogicalOr", "Max", "Maximum", "Min", "Minimum", "Mod",
        "Mul", "Neg", "NotEqual", "OneHot", "Pow", "Prod", "RightShift", "ScatterNd", "Select", "SelectV2", "Sign",
        "Square", "Sub", "Sum", "TensorScatterUpdate", "TruncateDiv", "TruncateMod", "Unique", "Where", "TopKV2",
    }
)  # fmt: skip
"""Ops that are computed here on integers and booleans."""


def fold(node: Node, inputs: Sequence[Any]) -> Sequence[Any] | None:
    """The outputs of a node as host values, or None where the graph must compute them."""
    arrays = [host(x) if not isinstance(x, np.ndarray) else x for x in inputs]
    if any(map(is_symbolic, arrays)):
        rule = _SYMBOLIC.get(node.op)
        if rule is None:
            return None
        try:
            result = rule(node.attributes, *arrays)
        except (MultibackError, IndexError, TypeError):
            return None
        if result is None:
            return None
        return [_typed(node, x) for x in (result if isinstance(result, list) else [result])]
    floats = any(a.dtype.kind not in "iub" for a in arrays)
    if node.op not in _MOVING and (node.op not in NUMERIC or floats):
        return None
    if sum(a.size for a in arrays) > LARGEST or _large(node, arrays):
        return None
    return _computed(node, arrays)


def _typed(node: Node, x: np.ndarray) -> np.ndarray:
    """Integers that no size is left in, in the dtype that the node says."""
    dtype = node.attributes.get({"Cast": "DstT", "GatherV2": "Tparams"}.get(node.op, "T"), "")
    return x.astype(dtype) if x.dtype.kind == "i" and str(dtype).startswith(("int", "uint")) else x


def _large(node: Node, arrays: Sequence[np.ndarray]) -> bool:
    """Whether the result of an op that makes arrays larger is too large."""
    if node.op == "Fill":
        return int(np.prod(arrays[0], dtype=object)) > LARGEST
    if node.op in ("BroadcastTo", "ScatterNd"):
        return int(np.prod(arrays[-1], dtype=object)) > LARGEST
    if node.op == "Tile":
        return arrays[0].size * int(np.prod(arrays[1], dtype=object)) > LARGEST
    if node.op == "Range":
        start, limit, step = (a.item() for a in arrays)
        return bool(step) and abs(limit - start) / abs(step) > LARGEST
    if node.op == "OneHot":
        return arrays[0].size * arrays[1].item() > LARGEST
    return np.prod(np.broadcast_shapes(*(a.shape for a in arrays)), dtype=float) > LARGEST if _alike(node) else False


def _alike(node: Node) -> bool:
    return node.op in ("AddV2", "Sub", "Mul", "Less", "LessEqual", "Greater", "GreaterEqual", "Equal", "NotEqual")


def _computed(node: Node, arrays: Sequence[np.ndarray]) -> Sequence[Any]:
    """What TensorFlow itself computes."""
    import tensorflow as tf

    with tf.device("cpu:0"):
        return [np.asarray(x) for x in kernels.run(node, arrays, node.attributes)]


def _by(name: str, **fixed: Any) -> Callable[..., Any]:
    """The rule of `multiback.porting.host_values` called `name`, for ops whose inputs are its values."""

    def rule(attributes: dict[str, Any], *values: Any) -> Any:
        return host_values.fold(name, *values, **fixed)

    return rule


def _reduced(name: str) -> Callable[..., Any]:
    def rule(attributes: dict[str, Any], x: Any, axes: Any) -> Any:
        axes = tuple(int(a) for a in np.reshape(axes, -1))
        return host_values.fold(name, x, axis=axes, keepdims=bool(attributes.get("keep_dims")))

    return rule


def _extreme(name: str) -> Callable[..., Any]:
    """The largest or smallest of all elements."""

    def rule(attributes: dict[str, Any], x: Any, axes: Any) -> Any:
        if x.ndim != 1 or attributes.get("keep_dims") or np.size(axes) != 1:
            return None
        return host(functools.reduce(lambda a, b: host_values.fold(name, host(a), host(b)), x.tolist()))

    return rule


def _concatenated(attributes: dict[str, Any], *values: Any) -> Any:
    return host_values.fold("concat", *values[:-1], axis=int(values[-1]))


def _packed(attributes: dict[str, Any], *values: Any) -> Any:
    return host_values.fold("stack", *values, axis=attributes["axis"])


def _unpacked(attributes: dict[str, Any], x: Any) -> Any:
    return [host(part) for part in np.moveaxis(x, attributes["axis"], 0)]


def _gathered(attributes: dict[str, Any], x: Any, indices: Any, axis: Any) -> Any:
    return host_values.fold("gather", x, indices, axis=int(axis)) if not attributes["batch_dims"] else None


def _squeezed(attributes: dict[str, Any], x: Any) -> Any:
    return host_values.fold("squeeze", x, axis=tuple(attributes["squeeze_dims"]) or None)


def _expanded(attributes: dict[str, Any], x: Any, axis: Any) -> Any:
    return host_values.fold("expand_dims", x, axis=int(axis))


def _cast(attributes: dict[str, Any], x: Any) -> Any:
    return host_values.fold("cast", x, to=attributes["DstT"])


def _sliced(attributes: dict[str, Any], x: Any, begin: Any, size: Any) -> Any:
    if is_symbolic(begin) or is_symbolic(size):
        return None
    ends = [int(b) + int(s) if s >= 0 else n for b, s, n in zip(begin, size, x.shape)]
    return host(x[tuple(slice(int(b), e) for b, e in zip(begin, ends))])


def _strided(attributes: dict[str, Any], x: Any, begin: Any, end: Any, strides: Any) -> Any:
    if any(map(is_symbolic, (begin, end, strides))):
        return None
    found = x[strided_key(attributes, begin.tolist(), end.tolist(), strides.tolist(), x.ndim)]
    return host(found)


def strided_key(
    attributes: dict[str, Any], begin: Sequence[Any], end: Sequence[Any], strides: Sequence[Any], rank: int
) -> tuple[Any, ...]:
    """What stands between the brackets of `x[...]` for a strided slice with its masks."""
    masks = {m: attributes.get(f"{m}_mask", 0) for m in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}

    def has(mask: str, i: int) -> bool:
        return bool(masks[mask] >> i & 1)

    key: list[Any] = []
    for i, (first, last, step) in enumerate(zip(begin, end, strides, strict=True)):
        if has("ellipsis", i):
            key.append(Ellipsis)
        elif has("new_axis", i):
            key.append(None)
        elif has("shrink_axis", i):
            key.append(first)
        else:
            step = int(step)
            start, stop = (None if has("begin", i) else first), (None if has("end", i) else last)
            key.append(slice(start, stop, step if step != 1 else None))
    taken = sum(k is not None and k is not Ellipsis for k in key)
    if taken == rank:
        key = [k for k in key if k is not Ellipsis]
    return tuple(key)


def _broadcast_shape(attributes: dict[str, Any], a: Any, b: Any) -> Any:
    left, right = a.tolist(), b.tolist()
    rank = max(len(left), len(right))
    left, right = [1] * (rank - len(left)) + left, [1] * (rank - len(right)) + right
    found: list[Any] = []
    for m, n in zip(left, right):
        if isinstance(m, int) and m == 1:
            found.append(n)
        elif (isinstance(n, int) and n == 1) or m == n or isinstance(n, Dim):
            found.append(m)
        else:
            found.append(n)
    return host(found)


_SYMBOLIC: dict[str, Callable[..., Any]] = {
    "Add": _by("add"),
    "AddV2": _by("add"),
    "Sub": _by("subtract"),
    "Mul": _by("multiply"),
    "FloorDiv": _by("floor_divide"),
    "TruncateDiv": _by("divide"),
    "Div": _by("divide"),
    "FloorMod": _by("remainder"),
    "Mod": _by("remainder"),
    "TruncateMod": _by("remainder"),
    "Neg": _by("negative"),
    "Maximum": _by("maximum"),
    "Minimum": _by("minimum"),
    "Equal": _by("equal"),
    "NotEqual": _by("not_equal"),
    "Less": _by("less"),
    "LessEqual": _by("less_equal"),
    "Greater": _by("greater"),
    "GreaterEqual": _by("greater_equal"),
    "Select": _by("where"),
    "SelectV2": _by("where"),
    "Max": _extreme("maximum"),
    "Min": _extreme("minimum"),
    "Prod": _reduced("prod"),
    "Sum": _reduced("sum"),
    "ConcatV2": _concatenated,
    "Pack": _packed,
    "Unpack": _unpacked,
    "GatherV2": _gathered,
    "Squeeze": _squeezed,
    "ExpandDims": _expanded,
    "Cast": _cast,
    "Slice": _sliced,
    "StridedSlice": _strided,
    "BroadcastArgs": _broadcast_shape,
    "Reshape": _by("reshape"),
    "Transpose": _by("transpose"),
    "ReverseV2": lambda attributes, x, axes: np.flip(x, tuple(axes.tolist())),
    "Fill": _by("full"),
}
"""Ops on arrays that hold sizes which are not known yet: function of the attributes and the arrays."""

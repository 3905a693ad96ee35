"""Conversions between dtypes."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.dtypes import DType
from multiback_onnx.importer.files import dtype_of as element_type
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler


@handler("Cast")
def cast(node: Node, x: Any) -> Any:
    """The elements in another dtype."""
    return _converted(node, x, element_type(node.attributes["to"]))


@handler("CastLike")
def cast_like(node: Node, x: Any, like: Any) -> Any:
    """The elements in the dtype of another array."""
    return _converted(node, x, dtype_of(like))


@handler("BitCast")
def bitcast(node: Node, x: Any) -> Any:
    """The same bits read as another dtype."""
    x, dtype = array(x), element_type(node.attributes["to"])
    if dtype_of(x) == "bool":
        x = ops.cast(x, "uint8")
    return ops.cast(ops.bitcast(x, "uint8"), "bool") if dtype == "bool" else ops.bitcast(x, dtype)


def _converted(node: Node, x: Any, dtype: DType) -> Any:
    if (folded := node.fold("cast", x, to=dtype)) is not None:
        return folded
    return x if dtype_of(x) == dtype and not isinstance(x, list) else ops.cast(array(x), dtype)

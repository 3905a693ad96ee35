"""Attributes of nodes as Python values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multiback.errors import SavingError, UnsupportedModel
from multiback_onnx.importer.files import array_of


def attributes_of(proto: Any, given: Mapping[str, Any] | None, folder: Path | None) -> dict[str, Any]:
    """The attributes of a node by name; in the body of a function some refer to the attributes given to it."""
    found = {}
    for attribute in proto.attribute:
        if attribute.ref_attr_name:
            if given is not None and attribute.ref_attr_name in given:
                found[attribute.name] = given[attribute.ref_attr_name]
        else:
            found[attribute.name] = value_of(attribute, folder)
    return found


def value_of(attribute: Any, folder: Path | None) -> Any:
    """An AttributeProto as a number, string, list, array or GraphProto."""
    kind = attribute.type
    if kind == 1:
        return attribute.f
    if kind == 2:
        return attribute.i
    if kind == 3:
        return _text(attribute.s)
    if kind == 4:
        return array_of(attribute.t, folder)
    if kind == 5:
        return attribute.g
    if kind == 6:
        return list(attribute.floats)
    if kind == 7:
        return list(attribute.ints)
    if kind == 8:
        return [_text(s) for s in attribute.strings]
    if kind == 9:
        return [array_of(t, folder) for t in attribute.tensors]
    if kind == 10:
        return list(attribute.graphs)
    if kind == 13:
        return attribute.tp
    if kind == 0:
        raise SavingError(f"The attribute {attribute.name!r} does not say its type. The file is damaged.")
    raise UnsupportedModel(
        f"The attribute {attribute.name!r} has the type {kind} (sparse tensor or types): not supported."
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

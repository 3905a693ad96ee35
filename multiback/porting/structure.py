"""Nested arguments and results as JSON, with a mark where each array stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from multiback.errors import SavingError

Structure = Any
"""JSON: `{"array": 0}`, `{"value": 1.5}`, `{"tuple": [...]}`, `{"list": [...]}`, `{"dict": {...}}`, None."""


def describe(tree: Any, is_array: Callable[[Any], bool]) -> tuple[Structure, list[Any]]:
    """The structure of a tree, and its arrays from left to right.

    Values that JSON cannot hold stand as None: they are part of the program, not of its arguments.
    """
    arrays: list[Any] = []

    def visit(x: Any) -> Structure:
        if is_array(x):
            arrays.append(x)
            return {"array": len(arrays) - 1}
        if isinstance(x, Mapping):
            return {"dict": {str(k): visit(v) for k, v in x.items()}}
        if isinstance(x, list | tuple):
            return {"list" if isinstance(x, list) else "tuple": [visit(v) for v in x]}
        return {"value": x} if isinstance(x, bool | int | float | str) else None

    return visit(tree), arrays


def filled(structure: Structure, arrays: Sequence[Any]) -> Any:
    """The tree of this structure with these arrays.

    Raises:
        SavingError: if it is not a structure, or asks for an array that is not there.
    """
    if structure is None:
        return None
    if isinstance(structure, Mapping) and len(structure) == 1:
        kind, value = next(iter(structure.items()))
        if kind == "array" and isinstance(value, int) and 0 <= value < len(arrays):
            return arrays[value]
        if kind == "value":
            return value
        if kind == "tuple" and isinstance(value, list):
            return tuple(filled(x, arrays) for x in value)
        if kind == "list" and isinstance(value, list):
            return [filled(x, arrays) for x in value]
        if kind == "dict" and isinstance(value, Mapping):
            return {k: filled(x, arrays) for k, x in value.items()}
    raise SavingError(f"{str(structure)[:60]!r} does not describe the arguments or results of a graph.")


def taken(structure: Structure, tree: Any, path: str = "") -> dict[int, Any]:
    """The arrays that a tree has where the structure has marks; what stands elsewhere is not looked at.

    Raises:
        KeyError: with the path of an array that is missing, or of one that is more than the structure has.
    """
    if structure is None or "value" in structure:
        return {}
    if "array" in structure:
        if tree is None or isinstance(tree, Mapping):
            raise KeyError(next(iter(tree), path) if tree else path)
        return {structure["array"]: tree}
    found: dict[int, Any] = {}
    if "dict" in structure:
        wanted: Mapping[Any, Any] = structure["dict"]
        given = tree if isinstance(tree, Mapping) else {}
        extra = [k for k in given if k not in wanted and given[k] is not None]
    else:
        wanted = dict(enumerate(structure.get("tuple", structure.get("list"))))
        given = dict(enumerate(tree)) if isinstance(tree, list | tuple) else {}
        extra = [k for k in given if k not in wanted]
    for key, inner in wanted.items():
        found.update(taken(inner, given.get(key), f"{path}/{key}".strip("/")))
    if extra:
        raise KeyError(f"{path}/{extra[0]}".strip("/"))
    return found


def with_arrays(structure: Structure, tree: Any, arrays: Sequence[Any]) -> Any:
    """The tree with these arrays where the structure has marks; all else stays as it is."""
    if structure is None or "value" in structure:
        return tree
    if "array" in structure:
        return arrays[structure["array"]]
    if "dict" in structure:
        inner = structure["dict"]
        return {k: with_arrays(inner.get(str(k)), x, arrays) for k, x in tree.items()}
    parts = structure.get("tuple", structure.get("list"))
    found = [with_arrays(part, x, arrays) for part, x in zip(parts, tree)]
    return tuple(found) if isinstance(tree, tuple) else found


def mark_paths(structure: Structure, path: str = "") -> dict[int, str]:
    """The path of each array in the structure."""
    if structure is None or "value" in structure:
        return {}
    if "array" in structure:
        return {structure["array"]: path}
    inner = structure["dict"] if "dict" in structure else dict(enumerate(next(iter(structure.values()))))
    found: dict[int, str] = {}
    for key, value in inner.items():
        found.update(mark_paths(value, f"{path}/{key}".strip("/")))
    return found

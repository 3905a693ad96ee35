"""Results that are objects of a model's own classes, such as caches: torch is told which of their parts are arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree


def classes(outputs: Any) -> list[type]:
    """The classes of objects with tensors among outputs that torch's trees do not know."""
    found: dict[type, None] = {}
    seen: set[int] = set()

    def visit(x: Any) -> None:
        for leaf in pytree.tree_leaves(x):
            if id(leaf) in seen or isinstance(leaf, torch.Tensor) or not _has_arrays(leaf):
                continue
            seen.add(id(leaf))
            found[type(leaf)] = None
            for part in vars(leaf).values():
                visit(part)

    visit(outputs)
    return list(found)


def _has_arrays(x: Any, depth: int = 4) -> bool:
    if isinstance(x, torch.Tensor):
        return True
    if depth == 0 or isinstance(x, type | torch.nn.Module):
        return False
    parts = x if isinstance(x, list | tuple) else (x if isinstance(x, dict) else getattr(x, "__dict__", {})).values()
    return any(_has_arrays(part, depth - 1) for part in parts)


@contextlib.contextmanager
def opened(kinds: Sequence[type]) -> Iterator[None]:
    """Inside, torch's trees take objects of these classes apart into their attributes that hold tensors."""
    added = [kind for kind in kinds if kind not in pytree.SUPPORTED_NODES]
    for kind in added:
        name = f"{kind.__module__}.{kind.__qualname__}"
        # The public function also registers the class with optree, which it could never be taken out of.
        pytree._private_register_pytree_node(kind, _taken_apart, _rebuilder(kind), serialized_type_name=name)
    try:
        yield
    finally:
        for kind in added:
            pytree._deregister_pytree_node(kind)


def _taken_apart(x: Any) -> tuple[list[Any], list[str]]:
    parts = {name: part for name, part in vars(x).items() if _has_arrays(part)}
    return list(parts.values()), list(parts)


def _rebuilder(kind: type) -> Any:
    def rebuilt(parts: Any, names: list[str]) -> Any:
        made: Any = object.__new__(kind)
        vars(made).update(zip(names, parts))
        return made

    return rebuilt

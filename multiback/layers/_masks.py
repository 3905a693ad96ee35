"""Masks travel with the arrays they belong to: in a slot of abstract values, and beside native arrays."""

from __future__ import annotations

import weakref
from typing import Any

from multiback import tree
from multiback.graph.ir import Value

_BESIDE: dict[int, Any] = {}


def get_mask(x: Any) -> Any:
    """The mask of an array, or None."""
    return x.mask if isinstance(x, Value) else _BESIDE.get(id(x))


def set_mask(x: Any, mask: Any) -> None:
    """Attaches a mask to an array."""
    if isinstance(x, Value):
        x.mask = mask
    elif mask is not None:
        try:
            weakref.finalize(x, _BESIDE.pop, id(x), None)
        except TypeError:
            return
        _BESIDE[id(x)] = mask


def get_masks(arrays: Any) -> Any:
    """The masks of a tree of arrays, in the same structure."""
    return tree.map(get_mask, arrays)


def set_masks(arrays: Any, masks: Any) -> None:
    """Attaches a tree of masks, or one mask, to a tree of arrays."""
    leaves = tree.leaves(arrays)
    given = tree.leaves(masks)
    for x, mask in zip(leaves, given if len(given) == len(leaves) else given * len(leaves)):
        if x is not None and mask is not None:
            set_mask(x, mask)

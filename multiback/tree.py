"""Nested structures (lists, tuples, dicts, named tuples), by optree; `None` is a leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import optree

Tree = Any


def flatten(tree: Tree) -> tuple[list[Any], optree.PyTreeSpec]:
    """The leaves from left to right, and the structure that puts them back."""
    return optree.tree_flatten(tree, none_is_leaf=True)  # type: ignore[return-value]


def flatten_results(tree: Tree) -> tuple[list[Any], optree.PyTreeSpec]:
    """As `flatten`, with `None` part of the structure: what a function returns beside its arrays."""
    return optree.tree_flatten(tree, none_is_leaf=False)  # type: ignore[return-value]


def unflatten(structure: optree.PyTreeSpec, leaves: Iterable[Any]) -> Tree:
    """The tree of this structure with these leaves."""
    return optree.tree_unflatten(structure, leaves)


def leaves(tree: Tree) -> list[Any]:
    """The leaves from left to right."""
    return optree.tree_leaves(tree, none_is_leaf=True)


def map(function: Callable[..., Any], tree: Tree, *rest: Tree) -> Tree:
    """The tree with `function` applied to every leaf (and the leaves of `rest` beside it)."""
    return optree.tree_map(function, tree, *rest, none_is_leaf=True)


def paths(tree: Tree) -> list[str]:
    """A readable path per leaf, such as `image` or `0/mask`."""
    found = optree.tree_paths(tree, none_is_leaf=True)
    return ["/".join(str(part) for part in path) for path in found]

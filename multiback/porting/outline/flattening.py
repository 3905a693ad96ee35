"""Blocks too small to stand for themselves become part of the block around them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from multiback.graph.ir import Value
from multiback.porting.outline.blocks import Path, Statement

FEW = 4
"""Statements that need no block of their own, when they hold no weights."""


def flatten(statements: Sequence[Statement], weights: frozenset[Value]) -> None:
    """Gives the statements of small blocks the scope of the block above, innermost blocks first.

    Small is what holds no weights in a few statements, or one module that stands at the block's own path with a few
    statements around it.
    """
    while True:
        inside: defaultdict[Path, list[Statement]] = defaultdict(list)
        parents: Counter[Path] = Counter()
        for statement in statements:
            inside[statement.scope].append(statement)
        for scope in inside:
            parents.update(scope[:n] for n in range(len(scope)))
        small = {
            scope
            for scope, own in inside.items()
            if scope and not parents[scope] and not _holds_more(scope, own) and _is_small(scope, own, weights)
        }
        if not small:
            return
        for statement in statements:
            if statement.scope in small:
                statement.scope = above(statement.scope)


def above(scope: Path) -> Path:
    """The block around one; the items of a list are called by the block that has the list."""
    return scope[:-2] if scope[-1].isdigit() and len(scope) > 1 else scope[:-1]


def _holds_more(scope: Path, own: Sequence[Statement]) -> bool:
    """Whether modules stand below the block, which would lose their place."""
    paths = {s.module.path for s in own if s.module is not None and s.module.weights}
    return any(len(p) > len(scope) for p in paths)


def _is_small(scope: Path, own: Sequence[Statement], weights: frozenset[Value]) -> bool:
    if any(v in weights for s in own if s.module is None for v in s.reads) or any(s.target is not None for s in own):
        return False
    if scope[-1].isdigit() and (len(own) > 1 or own[0].module is None or own[0].module.path != scope):
        return False  # its place in the list is its name
    modules = {s.module for s in own if s.module is not None and s.module.weights}
    if any(m.path != scope for m in modules) or len(modules) > 1:
        return False
    calls = sum(s.module in modules for s in own)
    # A layer that is called more than once counts once.
    return len(own) <= (FEW + 1) * max(calls, 1)

"""An order of statements in which those of one block follow each other."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from multiback.graph.ir import Value
from multiback.porting.outline.blocks import Statement


def contracted(statements: Sequence[Statement], groups: Sequence[list[Statement]]) -> list[list[Statement]]:
    """Each group, and each statement in none, as one item; in the order in which they begin."""
    group_of = {id(s): group for group in groups for s in group}
    items: list[list[Statement]] = []
    seen: set[int] = set()
    for statement in statements:
        group = group_of.get(id(statement), [statement])
        if id(group[0]) not in seen:
            seen.add(id(group[0]))
            items.append(group)
    return items


def ordered(items: Sequence[list[Statement]]) -> list[list[Statement]] | None:
    """The items in an order that makes every value before its use, the first first; None if there is none.

    A state gets its new value after all that read the old one.
    """
    maker: dict[Value, int] = {}
    targets: dict[Value, int] = {}
    for i, item in enumerate(items):
        for s in item:
            maker.update((v, i) for v in s.makes)
            if s.target is not None:
                targets[s.target] = i
    before: list[set[int]] = [set() for _ in items]
    for i, item in enumerate(items):
        for s in item:
            for v in s.reads:
                if maker.get(v, i) != i:
                    before[i].add(maker[v])
                if targets.get(v, i) != i:
                    before[targets[v]].add(i)
    after: list[list[int]] = [[] for _ in items]
    for i, needed in enumerate(before):
        for j in needed:
            after[j].append(i)
    waiting = [len(needed) for needed in before]
    ready = [i for i, n in enumerate(waiting) if n == 0]
    heapq.heapify(ready)
    found = []
    while ready:
        i = heapq.heappop(ready)
        found.append(items[i])
        for j in after[i]:
            waiting[j] -= 1
            if waiting[j] == 0:
                heapq.heappush(ready, j)
    return found if len(found) == len(items) else None

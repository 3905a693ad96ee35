"""Calls of numbered children, one after the other, as one loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from multiback.graph.ir import Value
from multiback.porting.outline.blocks import Block, Path, Statement


@dataclass
class Loop:
    """Calls of the children `start` to `stop - 1` of a list.

    Attributes:
        container: The path of the list.
        calls: In order.
        start, stop: Which children.
        whole: Whether these are all.
        carried: The places of the operands that a call hands on from the one before.
        carried_from: For each of them the place among the outputs of the one before.
    """

    container: Path
    calls: list[Statement]
    start: int
    stop: int
    whole: bool
    carried: list[int]
    carried_from: list[int]


def find_loops(block: Block, lists: bool, chained: set[Path]) -> list[Any]:
    """The statements of a block with runs of calls of numbered children replaced by loops.

    Arguments:
        block: Of which only the calls, not the children, are looked at.
        lists: Whether the target has lists of children at all.
        chained: The paths of lists whose children are called as one, on one value; found ones are added.
    """
    if not lists:
        return list(block.statements)
    uses: dict[Value, list[int]] = {}
    for i, s in enumerate(block.statements):
        for v in s.reads:
            uses.setdefault(v, []).append(i)
    for v in block.outputs:
        if isinstance(v, Value):
            uses.setdefault(v, []).append(len(block.statements))
    items: list[Any] = []
    i = 0
    while i < len(block.statements):
        run = _run(block.statements, i)
        loop = _loop(block, run, i, uses) if len(run) > 1 else None
        while loop is None and len(run) > 2:
            run = run[:-1]
            loop = _loop(block, run, i, uses)
        if loop is None:
            items.append(block.statements[i])
            i += 1
        else:
            items.append(loop)
            i += len(loop.calls)
    found: dict[Path, int] = {}
    for s in block.statements:
        path = _path(s)
        if path:
            found[path[:-1]] = found.get(path[:-1], 0) + 1
    for loop in items:
        if isinstance(loop, Loop) and loop.whole and found[loop.container] == len(loop.calls):
            single = all(len(c.operands) == 1 and len(c.makes) == 1 for c in loop.calls)
            if single and not any(c.form is not None for c in loop.calls):
                chained.add(loop.container)
    return items


def _path(s: Statement) -> Path:
    path = s.block.path if s.block is not None else s.module.path if s.module is not None else ()
    return path if len(path) > 1 and path[-1].isdigit() else ()


def _run(statements: Sequence[Statement], start: int) -> list[Statement]:
    """Consecutive calls of the children of one list, counted up."""
    first = _path(statements[start])
    if not first or statements[start].form is not None:
        return []
    run = [statements[start]]
    for s in statements[start + 1 :]:
        path = _path(s)
        if path[:-1] != first[:-1] or s.form is not None or int(path[-1]) <= int(_path(run[-1])[-1]):
            break
        run.append(s)
    return run


def _loop(block: Block, run: Sequence[Statement], at: int, uses: dict[Value, list[int]]) -> Loop | None:
    first = run[0]
    if any(len(s.operands) != len(first.operands) or len(s.makes) != len(first.makes) for s in run):
        return None
    carried: list[int] = []
    sources: list[int] = []
    for place in range(len(first.operands)):
        values = [s.operands[place] for s in run]
        if all(v is values[0] or v == values[0] for v in values):
            continue
        found = None
        for position in range(len(first.makes)):
            if all(b is a.makes[position] for a, b in zip(run, values[1:])):
                found = position
        if found is None or found in sources or not isinstance(values[0], Value):
            return None
        carried.append(place)
        sources.append(found)
    if not carried:
        return None
    for n, s in enumerate(run):
        for position, v in enumerate(s.makes):
            readers = uses.get(v, [])
            final = n == len(run) - 1
            if position not in sources and readers:
                return None
            if not final and any(r != at + n + 1 for r in readers):
                return None
    path = _path(first)
    container: Any = block
    for name in path[len(block.path) : -1]:
        container = container.children.get(name) if container is not None else None
    start = int(path[-1])
    count = len(container.children) if isinstance(container, Block) else -1
    stop = int(_path(run[-1])[-1]) + 1
    whole = count == len(run)
    if stop - start != len(run) and not (whole and len(first.operands) == 1 and len(first.makes) == 1):
        return None  # something between them does nothing, and takes one argument
    return Loop(path[:-1], list(run), start, stop, whole, carried, sources)

"""A profile as a table: layers with their ops, the longest of them one by one."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from multiback.models.summary import readable_size
from multiback.profiling.costs import BACKWARD, FORWARD, UPDATE
from multiback.profiling.layers import Node
from multiback.profiling.units import readable_count, readable_share, readable_time

if TYPE_CHECKING:
    from multiback.profiling.step_profile import Profile

OTHER = "other"
_WIDTH = 110
_SMALL = 0.01
"""Ops below this share of the time are shown together."""


def text(profile: Profile) -> str:
    """The table without colours."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=_WIDTH, highlight=False)
    console.print(renderable(profile))
    return console.file.getvalue().rstrip("\n")  # type: ignore[attr-defined]


def renderable(profile: Profile) -> Any:
    """The table for a terminal."""
    from rich.console import Group
    from rich.text import Text

    return Group(Text(title(profile), "bold"), _table(profile), *(Text(f" {line}") for line in facts(profile)))


def title(profile: Profile) -> str:
    """What was measured, in one line."""
    return f"{profile.model}: {profile.step} of {profile.batch_size} samples, {profile.backend}"


def facts(profile: Profile) -> list[str]:
    """What holds for the step as a whole."""
    costs = profile.costs
    least = "" if costs.exact else "at least "
    ratio = profile.parts / profile.whole
    return [
        f"Whole step: {readable_time(profile.wall)} wall, {readable_time(profile.cpu)} CPU "
        f"(medians of {profile.rounds}); all else by {profile.clock} time.",
        f"FLOPs: {least}{readable_count(costs.flops)}, {readable_count(profile.flops_per_second)}FLOP/s: "
        f"{readable_share(profile.share_of_gemm)} of a 1024 x 1024 matrix product's "
        f"{readable_count(profile.gemm)}FLOP/s here.",
        f"Equations alone: {readable_time(profile.parts)}, {ratio:.2f} times the whole; "
        f"their calls: {readable_time(profile.overhead)}, not counted.",
        f"Memory: state {readable_size(costs.state)} ({costs.parameters:,} parameters), intermediates "
        f"{readable_size(costs.peak)} at once; {readable_size(profile.traffic)} read and written.",
    ]


def _table(profile: Profile) -> Any:
    from rich.box import ROUNDED
    from rich.table import Table

    root = profile.layers
    phases = [p for p in (FORWARD, BACKWARD, UPDATE) if root.by_phase[p]]
    table = Table(box=ROUNDED, border_style="dim", header_style="bold")
    table.add_column("Layer, op", overflow="fold")
    for phase in phases if len(phases) > 1 else ["time"]:
        table.add_column(phase.capitalize(), justify="right", no_wrap=True)
    for name in ("Share", "FLOPs", "FLOP/s", "Bytes"):
        table.add_column(name, justify="right", no_wrap=True)
    total = root.seconds or 1.0
    for node, depth in _lines(root, total):
        mark = "'" if node.phase == BACKWARD else ""
        count = f" x{node.count}" if node.is_op and node.count > 1 else ""
        table.add_row(
            f"{'  ' * depth}{node.name}{mark}{count}",
            *(readable_time(node.by_phase[p]) if node.by_phase[p] else "" for p in phases or [FORWARD]),
            f"{node.seconds / total:.1%}",
            *_rate(node),
            readable_size(node.traffic) if node.traffic else "",
            style="dim" if node.is_op else "",
        )
    return table


def _rate(node: Node) -> tuple[str, str]:
    if node.flops is None:
        return "?", ""
    if not node.flops:
        return "", ""
    return readable_count(node.flops), readable_count(node.flops / node.seconds) if node.seconds else ""


def _lines(root: Node, total: float, depth: int = 0) -> Iterator[tuple[Node, int]]:
    """Nodes in the order of the step; small ops come last, as one, or not at all in small layers."""
    small = [c for c in root.children if c.is_op and c.seconds < _SMALL * total]
    for child in root.children:
        if child in small:
            continue
        yield child, depth
        if not child.is_op and child.seconds >= _SMALL * total:
            yield from _lines(child, total, depth + 1)
    if len(small) == 1:
        yield small[0], depth
    elif small:
        yield _together(small), depth


def _together(nodes: Sequence[Node]) -> Node:
    found = Node(OTHER, phase=FORWARD)
    for node in nodes:
        for phase, seconds in node.by_phase.items():
            found.by_phase[phase] += seconds
        found.seconds += node.seconds
        found.traffic += node.traffic
        found.count += node.count
        found.flops = None if node.flops is None or found.flops is None else found.flops + node.flops
    return found

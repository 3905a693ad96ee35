"""A profile by layers: a tree whose leaves are the ops of a layer, each with its time, operations and bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from multiback.profiling.costs import FORWARD, PHASES, Cost, Costs
from multiback.profiling.sweep import Row

REST = "(step)"
"""Where equations go that belong to no layer: sums of the loss, counters, what metrics compute."""


@dataclass(eq=False)
class Node:
    """A layer with what is inside it, or all equations of one op and phase of a layer.

    Attributes:
        name: Of the layer or op.
        phase: "forward", "backward" or "update" for ops, "" for layers.
        seconds: Of everything inside.
        by_phase: The seconds of each phase.
        flops: Floating-point operations; None where only the adapter knows them.
        traffic: Bytes read and written.
        count: How many equations there are inside.
        note: The shapes and ways of an op.
        children: Layers in the order of the step, then ops.
    """

    name: str
    phase: str = ""
    seconds: float = 0.0
    by_phase: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    flops: int | None = 0
    traffic: int = 0
    count: int = 0
    note: str = ""
    children: list[Node] = field(default_factory=list)

    @property
    def is_op(self) -> bool:
        return bool(self.phase)

    def walk(self, depth: int = 0, path: str = "") -> Iterator[tuple[Node, int, str]]:
        """This node and all inside, with their depth and path."""
        path = f"{path}/{self.name}".strip("/")
        yield self, depth, path
        for child in self.children:
            yield from child.walk(depth + 1, path)

    def add(self, row: Row) -> None:
        """Counts an equation in."""
        self.seconds += row.seconds
        self.by_phase[row.phase] += row.seconds
        self.traffic += row.read + row.written
        self.count += 1


def layer_tree(name: str, rows: Sequence[Row], costs: Costs) -> Node:
    """The tree of a profile.

    Arguments:
        name: Of the model.
        rows: The equations.
        costs: What the step costs by count: the operations of layers are taken from it.
    """
    root = Node("step", flops=costs.flops)
    for row in rows:
        node = root
        node.add(row)
        for part in (row.scope or REST).split("/"):
            node = _child(node, part, "")
            node.add(row)
        leaf = _child(node, row.op, row.phase)
        leaf.add(row)
        leaf.flops = None if row.flops is None or leaf.flops is None else leaf.flops + row.flops
        shown = f"{row.shape} by {row.way}" if row.way else row.shape
        if shown not in leaf.note.split("; "):
            leaf.note = f"{leaf.note}; {shown}".strip("; ")
    for node, depth, path in root.walk():
        if depth and not node.is_op:
            scope = path.partition("/")[2]
            inside = [c for c in costs.rows if c.scope == ""] if scope == REST else costs.within(scope)
            node.flops = sum(c.flops for c in inside)
            for phase in PHASES:
                _fill_in(node, phase, [c for c in inside if c.phase == phase and _is_own(c.scope, scope)])
    return root


def _is_own(scope: str, layer: str) -> bool:
    return scope == layer or (layer == REST and not scope)


def _child(node: Node, name: str, phase: str) -> Node:
    found = next((c for c in node.children if c.name == name and c.phase == phase), None)
    if found is None:
        found = Node(name, phase)
        node.children.append(found)
    return found


def _fill_in(node: Node, phase: str, rows: Sequence[Cost]) -> None:
    """The operations of an adapter's own kernels in a layer's phase, from what the layer's ops take.

    A kernel that is named after an op of the layer runs instead of it; a single one that is left takes what no other
    accounts for.
    """
    leaves = [c for c in node.children if c.phase == phase]
    for leaf in leaves:
        if leaf.flops is None and phase == FORWARD:
            named = max((c.op for c in rows if c.op in leaf.name), key=len, default="")
            instead = [c for c in rows if c.op == named]
            if len(instead) == leaf.count and not any(c.name == named and c is not leaf for c in leaves):
                leaf.flops = sum(c.flops for c in instead)
    unknown = [c for c in leaves if c.flops is None]
    rest = sum(c.flops for c in rows) - sum(c.flops or 0 for c in leaves)
    if len(unknown) == 1 and rest > 0:
        unknown[0].flops = rest

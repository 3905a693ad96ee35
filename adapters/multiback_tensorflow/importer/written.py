"""What a function does besides its results: the variables that it assigns, whether it draws random numbers."""

from __future__ import annotations

from collections.abc import Iterator

from multiback_tensorflow.importer.program import Function, Node

CALLS: dict[str, tuple[tuple[str, ...], int]] = {
    "Case": (("branches",), 1),
    "If": (("then_branch", "else_branch"), 1),
    "PartitionedCall": (("f",), 0),
    "RemoteCall": (("f",), 1),
    "StatefulPartitionedCall": (("f",), 0),
    "StatelessCase": (("branches",), 1),
    "StatelessIf": (("then_branch", "else_branch"), 1),
    "StatelessWhile": (("cond", "body"), 0),
    "While": (("cond", "body"), 0),
}
"""Ops that run functions: the attributes with their names, and which input is the functions' first argument."""


def called(node: Node) -> list[str]:
    """The names of the functions that a node runs."""
    found: list[str] = []
    for attribute in CALLS.get(node.op, ((), 0))[0]:
        value = node.attributes[attribute]
        found += value if isinstance(value, list) else [value]
    return found


def written_arguments(function: Function) -> set[int]:
    """The positions of arguments that are variables which the function, or one that it calls, assigns."""
    from multiback_tensorflow.importer.tables.state import WRITING

    places = {(name, 0): i for i, name in enumerate(function.arguments)}
    found: set[int] = set()
    for node in function.nodes:
        taken = [node.inputs[0]] if node.op in WRITING else []
        for name in called(node):
            first = CALLS[node.op][1]
            taken += [node.inputs[first + i] for i in written_arguments(function.library[name])]
        found |= {places[source] for edge in taken if (source := function.source(edge)) in places}
    return found


def every(function: Function, seen: set[str] | None = None) -> Iterator[tuple[Function, Node]]:
    """All nodes of a function and of those that it calls, each function once."""
    seen = set() if seen is None else seen
    seen.add(function.name)
    for node in function.nodes:
        yield function, node
        for name in called(node):
            if name not in seen:
                yield from every(function.library[name], seen)


def draws(function: Function) -> bool:
    """Whether random numbers are drawn."""
    from multiback_tensorflow.importer.tables.random import DRAWING

    return any(node.op in DRAWING for _, node in every(function))

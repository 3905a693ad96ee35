"""`multiback ops`: the vocabulary, by family."""

from __future__ import annotations

import inspect

import multiback.ops
from multiback.graph.op import OPS, get_op


def show_ops(name: str | None = None) -> None:
    """Prints all ops by family, or the documentation of one.

    Raises:
        UnknownNameError: if there is no such op.
    """
    assert multiback.ops
    if name is not None:
        op = get_op(name)
        print(f"{'composite' if op.composite else 'primitive'} {op.name}{inspect.signature(op)}\n")
        print(inspect.cleandoc(op.__doc__ or ""))
        return
    families: dict[str, list[str]] = {}
    for op in OPS.values():
        families.setdefault(op.module.rpartition(".")[2], []).append(op.name if op.composite else f"{op.name}*")
    for family, names in sorted(families.items()):
        print(f"{family}: {', '.join(sorted(names))}")
    primitives = sum(not op.composite for op in OPS.values())
    print(f"{len(OPS)} operations, {primitives} of them primitive (*): those are what an adapter implements.")

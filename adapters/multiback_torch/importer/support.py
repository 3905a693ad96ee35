"""Looks through programs, before any work, for ops that cannot be ported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from multiback.errors import DtypeError
from multiback.porting.unsupported import Inventory
from multiback_torch.importer import calls, decomposition, failures, higher_order
from multiback_torch.importer.interpreter import needed_nodes
from multiback_torch.importer.program import Program
from multiback_torch.importer.tensors import as_dtype

_SIZES_FROM_DATA = "its result has a size that depends on the numbers; use a mask and torch.where"


def refuse_unsupported(name: str, programs: Sequence[Program]) -> None:
    """Raises the error that lists all ops of these programs that have no handler and no rule of decomposition.

    Raises:
        UnsupportedModel: with counts and source lines.
    """
    found = Inventory()
    for program in programs:
        _look(program.graph_module, found, [n for n in program.updates.values() if n is not None])
    found.raise_if_any("torch", name)


def _look(graph_module: Any, found: Inventory, written: Sequence[Any] = (), place: str = "") -> None:
    needed = needed_nodes(graph_module.graph, tuple(written))
    for node in graph_module.graph.nodes:
        if node.op != "call_function" or node not in needed:
            continue
        at = place or failures.node_place(node)
        if isinstance(node.target, torch._ops.HigherOrderOperator):
            if calls.op_names(node.target)[0] not in higher_order.RULES:
                found.add(calls.op_names(node.target)[0], at)
            for module in higher_order.modules(node, graph_module):
                if isinstance(module, torch.fx.GraphModule):
                    _look(module, found)
        elif isinstance(node.target, torch._ops.OpOverload) and not calls.op_names(node.target)[-1].startswith(
            "aten.sym_"
        ):
            _look_at_op(node, found, at)


def _look_at_op(node: Any, found: Inventory, at: str) -> None:
    name = calls.op_names(node.target)[0]
    if calls.writes_elsewhere(node.target):
        found.add(name, at, "it writes into another argument than its first")
    elif _depends_on_data(node):
        found.add(name, at, _SIZES_FROM_DATA)
    elif calls.find(node.target) is None:
        part = decomposition.of(node)
        inner = Inventory()
        if part is not None:
            _look(part.graph_module, inner, place=at)
        if part is None or inner:
            found.add(name, at)
    elif dtype := _foreign_dtype(node):
        found.add(name, at, f"it gives {dtype}")


def _depends_on_data(node: Any) -> bool:
    recorded = node.meta.get("val")
    values = recorded if isinstance(recorded, list | tuple) else [recorded]
    sizes: list[Any] = [s for v in values if isinstance(v, torch.Tensor) for s in v.shape]
    sizes += [v for v in values if isinstance(v, torch.SymInt | torch.SymFloat | torch.SymBool)]
    return any(_unbacked(s) for s in sizes if not isinstance(s, int | float | bool))


def _unbacked(size: Any) -> bool:
    return any(str(symbol).startswith(("u", "zuf", "zf")) for symbol in size.node.expr.free_symbols)


def _foreign_dtype(node: Any) -> str:
    recorded = node.meta.get("val")
    for value in recorded if isinstance(recorded, list | tuple) else [recorded]:
        if isinstance(value, torch.Tensor):
            try:
                as_dtype(value.dtype)
            except DtypeError:
                return str(value.dtype)
    return ""

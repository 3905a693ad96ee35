"""Ops without a handler, taken apart by torch's own rules, one node at a time."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch._decomp import core_aten_decompositions, decomposition_table
from torch._subclasses.fake_tensor import FakeTensor
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

_FOUND: weakref.WeakKeyDictionary[Any, Part | None] = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class Part:
    """A node as a small program of other ops.

    Attributes:
        graph_module: The program.
        inputs: What stands for its placeholders: nodes, or symbolic sizes.
        structure: Of the results.
    """

    graph_module: Any
    inputs: Sequence[Any]
    structure: Any

    def rebuilt(self, results: Sequence[Any]) -> Any:
        """The results nested as the op returns them."""
        return pytree.tree_unflatten(list(results), self.structure)


def of(node: Any) -> Part | None:
    """A node as a program of other ops, or None where torch has no rule for its op."""
    if node not in _FOUND:
        rule = _rule(node.target)
        _FOUND[node] = None if rule is None else _traced(node, rule)
    return _FOUND[node]


def _rule(op: Any) -> Callable[..., Any] | None:
    if not isinstance(op, torch._ops.OpOverload) or op._schema.is_mutable:
        return None
    rules: Mapping[Any, Any] = core_aten_decompositions()
    if op in rules:
        return rules[op]
    if op in decomposition_table:
        return decomposition_table[op]
    if torch._C._dispatch_has_kernel_for_dispatch_key(op.name(), "CompositeImplicitAutograd"):
        return op.decompose
    return None


def _traced(node: Any, rule: Callable[..., Any]) -> Part | None:
    leaves, structure = pytree.tree_flatten((node.args, node.kwargs))
    places = [i for i, x in enumerate(leaves) if isinstance(x, torch.fx.Node | torch.SymInt)]
    values = [leaves[i].meta["val"] if isinstance(leaves[i], torch.fx.Node) else leaves[i] for i in places]
    shapes: list[Any] = []

    def run(*given: Any) -> Any:
        filled = list(leaves)
        for i, x in zip(places, given):
            filled[i] = x
        args, kwargs = pytree.tree_unflatten(filled, structure)
        results, shape = pytree.tree_flatten(rule(*args, **kwargs))
        shapes.append(shape)
        return results

    mode = next((v.fake_mode for v in [*values, node.meta.get("val")] if isinstance(v, FakeTensor)), None)
    try:
        if mode is None:
            module = make_fx(run)(*values)
        else:
            with mode:
                module = make_fx(run)(*values)
    except Exception:  # Whatever stops torch's own rule, the op is one without a handler; it is reported as such.
        return None
    for inner in module.graph.nodes:
        inner.meta.setdefault("stack_trace", node.meta.get("stack_trace"))
        inner.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
    return Part(module, [leaves[i] for i in places], shapes[-1])

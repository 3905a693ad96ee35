"""Writing in place, made visible: what is written into a view reaches its base, and all other views of that.

Values here never change. When an op writes into a node, the node gets the new value; if it was a view, so does what it
is a view of, by the inverse of the view, up to the array that owns the memory; then other views of it that are still
used are computed again.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from multiback import dtypes, ops
from multiback.errors import UnsupportedModel
from multiback_torch.importer import calls, failures

Inverse = Callable[..., Any]
"""`inverse(base, new, *arguments of the view)`: the base with `new` in the place of the view."""


class Aliases:
    """Which nodes of a graph share memory.

    Arguments:
        frame: Holds the values: `read`, `assign` and `again`.
        graph: Its nodes.
    """

    def __init__(self, frame: Any, graph: Any) -> None:
        self.frame = frame
        self.base: dict[Any, Any] = {}
        self.views: dict[Any, list[Any]] = {}
        self.place: dict[Any, int] = {}
        nodes = list(graph.nodes)
        if any(calls.written(n) is not None for n in nodes):
            self.place = {n: i for i, n in enumerate(nodes)}

    def note(self, node: Any) -> None:
        """Remembers what a node that was just computed is a view of."""
        if self.place and node not in self.base and (base := _base(node)) is not None:
            self.base[node] = base
            self.views.setdefault(base, []).append(node)

    def write(self, node: Any, target: Any, value: Any) -> None:
        """Puts the result of an op that writes into `target` where it belongs."""
        if not isinstance(target, torch.fx.Node):
            return
        self._put(target, value)
        fresh, root = {node, target}, target
        while root in self.base:
            base = self.base[root]
            self._put(base, self._merged(root, base))
            fresh.add(base)
            root = base
        self._renew(root, fresh, self.place[node])

    def _put(self, node: Any, value: Any) -> None:
        if not isinstance(value, list | tuple):
            self.frame.assign(node, value)
        else:
            self.frame.values[node] = value

    def _merged(self, view: Any, base: Any) -> Any:
        """The base with the value of one view of it written back."""
        old, new = self.frame.read(base), self.frame.read(view)
        if view.target is operator.getitem:
            return [new if i == view.args[1] else item for i, item in enumerate(old)]
        if calls.written(view) is not None:
            return new
        inverse = _inverse(view.target)
        if inverse is None:
            raise UnsupportedModel(
                f"Writing in place into what {view.target} gives, at {failures.node_place(view)}, cannot be ported. "
                "Write into a copy there, or build the array with torch.cat or torch.where."
            )
        args, _ = calls.bound(view.target, view.args[1:], view.kwargs, self.frame.read, 1)
        return inverse(old, new, *args)

    def _renew(self, node: Any, fresh: set[Any], now: int) -> None:
        """Computes the views of a node again that are used after the write."""
        for view in self.views.get(node, ()):
            if view not in fresh:
                if not self._used_after(view, now):
                    continue
                if (target := calls.written(view)) is not None:
                    self.frame.values[view] = self.frame.read(target)
                else:
                    self.frame.again(view)
            self._renew(view, fresh, now)

    def _used_after(self, node: Any, now: int) -> bool:
        """Whether a node, or a view of it, is read after a place in the program."""
        if any(self.place.get(user, now) > now for user in node.users):
            return True
        return any(self._used_after(view, now) for view in self.views.get(node, ()))


def _base(node: Any) -> Any:
    """The node that a node may be a view of, or None."""
    if (target := calls.written(node)) is not None:
        return target
    if not node.args or not isinstance(node.args[0], torch.fx.Node):
        return None
    first = node.args[0]
    if node.target is operator.getitem:
        return first if first.op == "call_function" and _gives_views(first.target) else None
    if not isinstance(node.target, torch._ops.OpOverload):
        return None
    name = calls.op_names(node.target)[-1]
    if _gives_views(node.target):
        return first
    if name in _SOMETIMES:
        return first if _SOMETIMES[name](node, first.meta.get("val"), node.meta.get("val")) else None
    return None


def _gives_views(op: Any) -> bool:
    """Whether torch's schema says that results share memory with the first argument."""
    if not isinstance(op, torch._ops.OpOverload) or calls.op_names(op)[-1] in _SOMETIMES:
        return False
    return any(r.alias_info is not None and not r.alias_info.is_write for r in op._schema.returns)


def _same_dtype(node: Any, before: Any, after: Any) -> bool:
    return before.dtype == after.dtype and not _copies(node)


def _copies(node: Any) -> bool:
    named = [a.name for a in node.target._schema.arguments]
    position = named.index("copy") if "copy" in named else None
    given = node.args[position] if position is not None and position < len(node.args) else node.kwargs.get("copy")
    return bool(given)


def _viewable(node: Any, before: Any, after: Any) -> bool:
    """Whether torch's reshape of this array is a view of it: where its strides allow one."""
    try:
        before.view(after.shape)
    except (RuntimeError, ValueError, TypeError):
        return False
    return True


_SOMETIMES: Mapping[str, Callable[[Any, Any, Any], bool]] = {
    "aten.reshape": _viewable,
    "aten.flatten": _viewable,
    "aten.reshape_as": _viewable,
    "aten.contiguous": lambda node, before, after: before.is_contiguous(),
    "aten.to": _same_dtype,
    "aten.type_as": _same_dtype,
    "aten.dropout": lambda node, before, after: not node.args[2],
    "aten.feature_dropout": lambda node, before, after: not node.args[2],
}
"""Ops that give a view or a copy, and when a view."""


def _shaped(base: Any, new: Any, *_: Any) -> Any:
    return ops.reshape(new, base.shape)


def _itself(base: Any, new: Any, *_: Any) -> Any:
    return new


def _behind(base: Any, new: Any, *_: Any) -> Any:
    """What is written behind the back of gradients changes the numbers, and leaves the gradient as it was."""
    if dtypes.as_dtype(base.dtype).kind not in "fc":
        return new
    return ops.add(base, ops.stop_gradient(ops.subtract(new, base)))


def _swapped(base: Any, new: Any, first: int, second: int) -> Any:
    return ops.swapaxes(new, first, second)


def _permuted(base: Any, new: Any, axes: Any) -> Any:
    return ops.transpose(new, tuple(int(i) for i in np.argsort([a % len(base.shape) for a in axes])))


def _joined(base: Any, new: Any, _: Any, axis: int = 0) -> Any:
    return ops.concatenate(list(new), axis)


def _stacked(base: Any, new: Any, axis: int = 0) -> Any:
    return ops.stack(list(new), axis)


def _scattered(name: str) -> Inverse:
    def inverse(base: Any, new: Any, *args: Any) -> Any:
        handler = calls.named(name)
        return handler(base, new, *args)

    return inverse


def _narrowed(base: Any, new: Any, axis: int, start: Any, length: Any) -> Any:
    return calls.named("aten.slice_scatter")(base, new, axis, start, start + length, 1)


_INVERSES: Mapping[str, Inverse] = {
    **dict.fromkeys(
        (
            "aten.view", "aten._unsafe_view", "aten.reshape", "aten.reshape_as", "aten.view_as", "aten.flatten",
            "aten.unflatten", "aten.squeeze", "aten.unsqueeze",
        ),
        _shaped,
    ),
    **dict.fromkeys(
        (
            "aten.alias", "aten.contiguous", "aten.to", "aten.type_as", "aten.dropout",
            "aten.feature_dropout",
        ),
        _itself,
    ),
    "aten.detach": _behind,
    **dict.fromkeys(("aten.transpose", "aten.swapaxes", "aten.swapdims"), _swapped),
    "aten.permute": _permuted,
    "aten.t": lambda base, new: ops.transpose(new),
    "aten.numpy_T": lambda base, new: ops.transpose(new),
    "aten.mT": lambda base, new: ops.swapaxes(new, -1, -2),
    **dict.fromkeys(("aten.split", "aten.split_with_sizes", "aten.chunk", "aten.tensor_split"), _joined),
    "aten.unbind": _stacked,
    "aten.select": _scattered("aten.select_scatter"),
    "aten.slice": _scattered("aten.slice_scatter"),
    "aten.diagonal": _scattered("aten.diagonal_scatter"),
    "aten.narrow": _narrowed,
}  # fmt: skip


def _inverse(op: Any) -> Inverse | None:
    return next((_INVERSES[name] for name in calls.op_names(op) if name in _INVERSES), None)

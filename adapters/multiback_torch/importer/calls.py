"""Calls of torch ops as calls of handlers: names, arguments by schema, defaults."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import torch

from multiback.errors import UnsupportedModel
from multiback.porting.handlers import custom
from multiback_torch.importer.handlers import LEFT_OUT, Handler, table
from multiback_torch.importer.tensors import as_dtype

_PLACES = (torch.device, torch.layout, torch.memory_format)


@functools.cache
def op_names(op: Any) -> tuple[str, ...]:
    """The keys under which a handler of an op may stand, the most particular first.

    An op in place is also looked for by the name without the underscore.
    """
    if not isinstance(op, torch._ops.OpOverload):
        return (str(getattr(op, "__name__", op)),)
    namespace, _, name = op._schema.name.partition("::")
    names = [name, name[:-1]] if is_in_place(op) and name.endswith("_") else [name]
    return tuple(key for n in names for key in (f"{namespace}.{n}.{op._overloadname}", f"{namespace}.{n}"))


def find(op: Any) -> Handler | None:
    """The handler of an op: a person's own, else the importer's, else None."""
    own = custom("torch")
    for names in (own, table()) if own else (table(),):
        for key in op_names(op):
            if key in names:
                return names[key]
    return None


@functools.cache
def is_in_place(op: Any) -> bool:
    """Whether an op writes into its first argument."""
    if not isinstance(op, torch._ops.OpOverload) or not op._schema.arguments:
        return False
    alias = op._schema.arguments[0].alias_info
    return alias is not None and alias.is_write


@functools.cache
def writes_elsewhere(op: Any) -> bool:
    """Whether an op writes into other arguments than its first or `out`."""
    if not isinstance(op, torch._ops.OpOverload):
        return False
    written = [a.name for a in op._schema.arguments[1:] if a.alias_info is not None and a.alias_info.is_write]
    return bool(written) and (written != ["out"] or is_in_place(op))


@functools.cache
def _has_out(op: Any) -> bool:
    return isinstance(op, torch._ops.OpOverload) and any(a.name == "out" for a in op._schema.arguments)


def written(node: Any) -> Any:
    """The node that a node writes into: the first argument of an op in place, or `out`; None where there is none."""
    if node.op != "call_function":
        return None
    if is_in_place(node.target):
        return node.args[0]
    return node.kwargs.get("out") if _has_out(node.target) else None


@functools.cache
def _parameters(op: Any) -> tuple[tuple[tuple[str, Any], ...], tuple[tuple[str, Any], ...]]:
    """The arguments of an op by position and by name, each with its default, ready for a handler."""
    positional, named = [], []
    for argument in op._schema.arguments:
        default = plain(argument.default_value) if argument.has_default_value() else None
        if not argument.kwarg_only:
            positional.append((argument.name, default))
        elif argument.name not in LEFT_OUT:
            named.append((argument.name, default))
    return tuple(positional), tuple(named)


def plain(x: Any) -> Any:
    """An argument that is no tensor, as handlers get it."""
    if isinstance(x, torch.dtype):
        return as_dtype(x)
    if isinstance(x, _PLACES):
        return str(x)
    return x


def named(key: str) -> Handler:
    """The handler that stands under a key.

    Raises:
        UnsupportedModel: if there is none.
    """
    if key not in table():
        raise UnsupportedModel(f"{key} has no handler.", ops={key: 1})
    return table()[key]


def bound(
    op: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], read: Callable[[Any], Any], skip: int = 0
) -> tuple[list[Any], dict[str, Any]]:
    """All arguments of a call, by position and by name.

    Arguments:
        op: What is called.
        args, kwargs: As the program has them, without the first `skip` arguments of the schema.
        read: Gives the value of what a program names.
        skip: How many leading arguments are left out.
    """
    positional, named = _parameters(op)
    positional = positional[skip:]
    values = [read(x) for x in args]
    for name, default in positional[len(values) :]:
        values.append(read(kwargs[name]) if name in kwargs else default)
    return values, {name: read(kwargs[name]) if name in kwargs else default for name, default in named}

"""The functions of the namespace, made from the table of signatures: unwrap, compute by `multiback.ops`, wrap."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from multiback import ops
from multiback.array_api import exchange, semantics
from multiback.array_api.array import Array
from multiback.array_api.dtype import DATA_TYPES, DataType
from multiback.backends import select
from multiback.backends.protocol import Adapter
from multiback.dtypes import DType
from multiback.errors import ArgumentError, DtypeError
from multiback.ops.data_types import FloatInfo, IntegerInfo


def build(
    table: Mapping[str, str], *, needs_array: bool = True, meanings: Any = semantics
) -> dict[str, Callable[..., Any]]:
    """The functions of a table of names and parameters.

    Arguments:
        table: The parameters of each function, as they stand in a `def`.
        needs_array: Whether an Array among the arguments decides the backend; else the selected one computes.
        meanings: The module with the functions that are not just the op of that name.
    """
    return {name: _function(name, parameters, needs_array, meanings) for name, parameters in table.items()}


def _function(name: str, parameters: str, needs_array: bool, meanings: Any) -> Callable[..., Any]:
    signature = inspect.signature(eval(f"lambda {parameters}: None"))
    implementation = getattr(meanings, name, None) or getattr(ops, name)

    def function(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        adapter = _adapter(name, bound.arguments.values()) if needs_array else select.selected()
        if "device" in bound.arguments:
            exchange.check_device(adapter, bound.arguments.pop("device"))
        with select.use_backend(adapter.name):
            result = implementation(*map(_unwrapped, bound.args), **{k: _unwrapped(v) for k, v in bound.kwargs.items()})
        return wrapped(result, adapter)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "multiback.array_api"
    function.__doc__ = _documentation(name)
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


def _documentation(name: str) -> str:
    text = getattr(ops, name, None).__doc__ if hasattr(ops, name) else None
    first = (text or f"{name} of the array API standard.").strip().split("\n")[0]
    return f"{first}\n\nAs `multiback.ops.{name}`, on Arrays, with the dtypes and arguments of the array API standard."


def _arrays(values: Iterable[Any]) -> Iterable[Array]:
    for x in values:
        if isinstance(x, Array):
            yield x
        elif isinstance(x, list | tuple):
            yield from _arrays(x)


def _adapter(name: str, values: Iterable[Any]) -> Adapter:
    values = list(values)
    found = {x.adapter.name: x.adapter for x in _arrays(values)}
    if foreign := [type(x).__name__ for x in values if hasattr(x, "__dlpack__") and not isinstance(x, Array)]:
        raise DtypeError(f"{name}() takes Arrays and numbers, got {foreign[0]}. Wrap it with asarray.")
    if not found:
        raise DtypeError(f"{name}() needs at least one Array. Make one with asarray.")
    if len(found) > 1:
        raise ArgumentError(
            f"{name}() got arrays of different backends: {', '.join(found)}. Use from_dlpack or asarray."
        )
    return next(iter(found.values()))


def _unwrapped(x: Any) -> Any:
    if isinstance(x, Array):
        return x.native
    if isinstance(x, DataType):
        return x.multiback
    return type(x)(map(_unwrapped, x)) if type(x) in (list, tuple) else x


def wrapped(x: Any, adapter: Adapter) -> Any:
    """Native arrays as Arrays, in whatever tuple they are."""
    if adapter.is_native(x):
        return Array(x, adapter)
    if isinstance(x, DType):
        return DATA_TYPES[x]
    if isinstance(x, FloatInfo | IntegerInfo):
        return replace(x, dtype=DATA_TYPES[x.dtype])  # type: ignore[arg-type]
    if isinstance(x, tuple):
        items = [wrapped(i, adapter) for i in x]
        return type(x)(*items) if hasattr(x, "_fields") else tuple(items)
    return [wrapped(i, adapter) for i in x] if isinstance(x, list) else x

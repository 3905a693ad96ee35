"""Which function translates which torch op, and how it is called.

Each module in `aten/` and `composites/` has a table

    HANDLERS: dict[str, Callable[..., Any]] = {"aten.add": _add, "aten.sin": ops.sin, "aten.pow.Scalar": _scalar_power}

A key is `namespace.op`, for all overloads of an op, or `namespace.op.overload`, which goes before it. A key stands in
one module only. What a person registered by `multiback.porting.register("torch", ...)` goes before all of them.

The programs are those of `torch.export` before any decomposition, so that what a person wrote is kept: `aten.linear`,
`aten.reshape`, `aten.chunk`, `aten.flatten`, `aten.to.dtype`, `aten.softmax.int`, `aten.matmul`. An op without a
handler is decomposed by torch's own rule, for that node alone, and what comes out needs handlers (core ATen). An op in
place has the handler of the op without the underscore: `aten.add_.Tensor` that of `aten.add.Tensor`, `aten.fill_` that
of `aten.fill`, `aten.zero_` that of `aten.zero`; the importer then writes the result where it belongs, through views.
`aten.detach` stops gradients.

A handler is called with ALL arguments of the op's schema; those that the program leaves out have the schema's default:

- arguments before the `*` of the schema by position, in its order; those after it by name;
- `out`, `layout`, `device`, `pin_memory`, `non_blocking`, `memory_format` and `generator` after the `*` are left out;
- a tensor is a value of `multiback.ops`, or a NumPy array where it is a constant of the program; a list of tensors is a
  list of these (None where the program has None);
- a symbolic size is a `Dim`, or an int when it is known; so is each size in a list;
- a `torch.dtype` is a `multiback.dtypes.DType`; a device, layout or memory format before the `*` is its text;
- numbers, strings, booleans and None are themselves.

It returns a value of `multiback.ops` (or a NumPy array, or a number for a symbolic one), or a tuple or list of these
where the op returns several. An op that returns nothing that is used (`aten._assert_async`) returns None.

What comes back is held against what torch recorded for the node: another shape, or a dtype of another kind, is an error
that names the op; another width of the same kind (int32 for int64) is cast. A handler therefore need not repeat torch's
promotion among integers or floats, but must return integers where torch does.

A handler with a keyword-only parameter `context` also gets a `Context`.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from multiback.dtypes import DType
from multiback.errors import AdapterError

Handler = Callable[..., Any]
_PACKAGES = ("multiback_torch.importer.aten", "multiback_torch.importer.composites")
LEFT_OUT = frozenset({"out", "layout", "device", "pin_memory", "non_blocking", "memory_format", "generator"})
"""Keyword arguments that say where and how torch keeps the numbers, not which they are."""


@dataclass(slots=True)
class Context:
    """What a handler may know besides its arguments.

    Attributes:
        training: Whether the training form is traced: dropout drops, batch norm takes the statistics of the batch.
        key: Gives a fresh `int32[2]` key for `ops.dropout`, `ops.uniform` and `ops.normal` at each call.
        weights: Variables by their original names; `.assign(value)` sets new statistics.
        weight_names: The name of the Variable that each argument of the op is, by position; None for others.
        averaging: Names of running means whose batch norm has no momentum: it averages over all batches.
        node: The node of the program; `node.meta["val"]` has torch's own abstract result.
        run: Runs a sub-program (of `cond`, `while_loop`, `map`) on a tuple of values and returns a tuple of values.
        shapes: The shape of each tensor that the op returns, sizes being ints or `Dim`s.
        dtypes: The dtype of each tensor that the op returns.
    """

    training: bool
    key: Callable[[], Any]
    weights: Mapping[str, Any]
    weight_names: tuple[str | None, ...]
    averaging: frozenset[str]
    node: Any
    run: Callable[[Any, tuple[Any, ...]], tuple[Any, ...]]
    shapes: tuple[tuple[Any, ...], ...]
    dtypes: tuple[DType, ...]

    @property
    def shape(self) -> tuple[Any, ...]:
        """The shape of the op's one result."""
        return self.shapes[0]

    @property
    def dtype(self) -> DType:
        """The dtype of the op's one result."""
        return self.dtypes[0]


@functools.cache
def table() -> Mapping[str, Handler]:
    """All handlers of this importer by key.

    Raises:
        AdapterError: if two modules have one key.
    """
    found: dict[str, Handler] = {}
    home: dict[str, str] = {}
    for package in _PACKAGES:
        for info in pkgutil.iter_modules(importlib.import_module(package).__path__, package + "."):
            for key, handler in getattr(importlib.import_module(info.name), "HANDLERS", {}).items():
                if key in found:
                    raise AdapterError(f"The torch op {key!r} has two handlers, in {home[key]} and {info.name}.")
                found[key], home[key] = handler, info.name
    return found


@functools.cache
def wants_context(handler: Handler) -> bool:
    """Whether a handler has the keyword-only parameter `context`."""
    try:
        parameter = inspect.signature(handler).parameters.get("context")
    except (TypeError, ValueError):
        return False
    return parameter is not None and parameter.kind is inspect.Parameter.KEYWORD_ONLY

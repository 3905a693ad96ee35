"""Looks through a jaxpr for what cannot be imported, before any work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import jax
import jax.extend.core

from multiback.porting.handlers import custom
from multiback.porting.unsupported import Inventory
from multiback_jax.importer.handlers import HANDLERS

_REASONS = {
    "pure_callback": "it calls Python on the host while it runs",
    "io_callback": "it calls Python on the host while it runs",
    "ffi_call": "it calls compiled code outside of JAX",
    "shard_map": "it says how it runs on several devices; import the function inside",
    "axis_index": "it works across devices",
}
_PACKAGES = ("jax", "jaxlib", "flax", "haiku", "equinox", "optax", "multiback", "multiback_jax")
_LIBRARY = tuple(f"{os.sep}{name}{os.sep}" for name in _PACKAGES)


def refuse_unsupported(name: str, jaxprs: list[Any]) -> None:
    """Raises UnsupportedModel with all primitives that have no handler, how often they occur, and where."""
    found = Inventory()
    for jaxpr in jaxprs:
        for equation in equations(jaxpr):
            primitive = equation.primitive.name
            if primitive not in HANDLERS and primitive not in custom("jax"):
                found.add(primitive, source_line(equation), _REASONS.get(primitive, ""))
    found.raise_if_any("jax", name)


def equations(jaxpr: Any) -> Iterator[Any]:
    """All equations, those of programs inside included."""
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        yield equation
        if equation.primitive.name not in custom("jax"):
            for value in equation.params.values():
                yield from _inner(value)


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple | list):
        for item in value:
            yield from _inner(item)
    elif isinstance(value, jax.extend.core.Jaxpr | jax.extend.core.ClosedJaxpr):
        yield from equations(value)


def source_line(equation: Any) -> str:
    """`file:line` of the nearest code that is not a library's."""
    traceback = equation.source_info.traceback
    frames = traceback.frames if traceback is not None else ()
    for frame in frames:
        if not is_library(frame.file_name):
            return f"{frame.file_name}:{frame.line_num}"
    return ""


def is_library(filename: str) -> bool:
    """Whether a file belongs to JAX, to what is built on it, or to this package."""
    return filename.startswith("<frozen") or any(part in filename for part in _LIBRARY)

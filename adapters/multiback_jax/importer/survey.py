"""Looks through a jaxpr for what cannot be imported, before any work."""

from __future__ import annotations

import os
from typing import Any

from multiback.porting.handlers import custom
from multiback.porting.unsupported import Inventory
from multiback_jax.importer.handlers import HANDLERS
from multiback_jax.importer.liveness import equations

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

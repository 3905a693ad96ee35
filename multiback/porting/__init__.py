"""Porting: any model in, any framework out, trainable and verified.

Names are loaded on first use, so that an adapter may say what it ports before anything else is imported.
"""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "CannotRun": "imported",
    "GraphModel": "graph_model",
    "Imported": "imported",
    "NativeModel": "imported",
    "PortReport": "report",
    "Porter": "porter",
    "StateReport": "state",
    "Weight": "imported",
    "assemble": "assembly",
    "forward_graph": "forward",
    "from_jax": "importing",
    "from_keras": "importing",
    "from_onnx": "importing",
    "from_tensorflow": "importing",
    "from_torch": "importing",
    "load_state": "state",
    "register": "handlers",
    "to_jax": "exporting",
    "to_keras": "exporting",
    "to_onnx": "exporting",
    "to_source": "exporting",
    "to_tensorflow": "exporting",
    "to_torch": "exporting",
    "unregister": "handlers",
}

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"multiback.porting.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'multiback.porting' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)

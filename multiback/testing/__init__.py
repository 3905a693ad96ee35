"""The conformance kit: cases, bounds and comparisons that judge whether backends agree."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "one_step_distance": "multiback.testing.steps",
    "reference_step": "multiback.testing.steps",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'multiback.testing' has no attribute {name!r}")

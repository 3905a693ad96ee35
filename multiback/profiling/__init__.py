"""What models cost: counted (operations, bytes) and measured (time of each layer and op on a backend)."""

from __future__ import annotations

import importlib
from typing import Any

from multiback.profiling.costs import Cost, Costs, costs, flops
from multiback.profiling.models import Counted, model_costs

_MEASURED = {
    "Node": "multiback.profiling.layers",
    "Profile": "multiback.profiling.step_profile",
    "Row": "multiback.profiling.sweep",
    "profile": "multiback.profiling.step_profile",
}

__all__ = ["Cost", "Costs", "Counted", "costs", "flops", "model_costs", *_MEASURED]


def __getattr__(name: str) -> Any:
    if name in _MEASURED:
        return getattr(importlib.import_module(_MEASURED[name]), name)
    raise AttributeError(f"module 'multiback.profiling' has no attribute {name!r}")

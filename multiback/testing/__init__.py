"""The conformance kit: cases, bounds and comparisons that judge whether backends agree."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Bound": "multiback.ops._cases",
    "Case": "multiback.ops._cases",
    "Check": "multiback.testing.records",
    "Comparison": "multiback.testing.native_compare",
    "ConformanceError": "multiback.testing.model_report",
    "Guilty": "multiback.testing.guilty",
    "ModelReport": "multiback.testing.model_report",
    "Row": "multiback.testing.records",
    "Sample": "multiback.ops._cases",
    "all_checks": "multiback.testing.collection",
    "bisect": "multiback.testing.bisection",
    "check": "multiback.testing.model_check",
    "compare": "multiback.testing.native_compare",
    "departure": "multiback.testing.departure",
    "one_step_distance": "multiback.testing.steps",
    "reference_step": "multiback.testing.steps",
    "run_checks": "multiback.testing.runner",
    "select": "multiback.testing.collection",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'multiback.testing' has no attribute {name!r}")

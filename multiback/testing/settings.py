"""What a run of the suite may vary: the seed of the drawn operands."""

from __future__ import annotations

from contextvars import ContextVar

SEED: ContextVar[int] = ContextVar("multiback_conformance_seed", default=0)
"""Added to the seed of each draw; bounds are derived, so they hold for any."""

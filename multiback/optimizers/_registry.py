"""Which optimizers a name or a configuration can stand for."""

from __future__ import annotations

from multiback.saving.registry import Registry

REGISTRY = Registry("optimizer", "keras.optimizers")

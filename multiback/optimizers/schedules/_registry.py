"""Which schedules a configuration can stand for."""

from __future__ import annotations

from multiback.saving.registry import Registry

REGISTRY = Registry("learning rate schedule", "keras.optimizers.schedules")

"""Which classes a policy's configuration can name. Keras files them under two modules, `keras` and its own."""

from __future__ import annotations

from typing import TypeVar

from multiback.saving.registry import REGISTRIES, Registry

T = TypeVar("T", bound=type)

REGISTRY = Registry("dtype policy", "keras.dtype_policies")


def register(item: T) -> T:
    """Adds a policy class under its name in both modules; configurations are written with the module Keras writes."""
    for module in ("keras", "keras.dtype_policies"):
        registry = REGISTRIES.get(module) or Registry("object", module)
        registry.names[item.__name__] = item
    owner = REGISTRIES["keras" if item.__name__ != "DTypePolicyMap" else "keras.dtype_policies"]
    owner.canonical[item] = item.__name__
    return item

"""Initializers by name and configuration."""

from __future__ import annotations

from typing import Any

from multiback.saving.registry import Registry

REGISTRY = Registry("initializer", "keras.initializers")


def get(identifier: Any) -> Any:
    """An initializer from a name, a configuration, a class, a function or an object; None stays None.

    Raises:
        UnknownNameError: if the name is not registered.
    """
    return REGISTRY.get(identifier)


def serialize(initializer: Any) -> Any:
    """The configuration of an initializer."""
    return REGISTRY.serialize(initializer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The initializer that a configuration describes."""
    return REGISTRY.deserialize(config, custom_objects)

"""The regularizers by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.saving.registry import Registry

REGISTRY = Registry("regularizer", "keras.regularizers")


def get(identifier: Any) -> Any:
    """A regularizer from a name, a configuration, a class or an object; None stays None.

    Raises:
        UnknownNameError: for a name that is not registered.

    Example:
        >>> get("l2").get_config()
        {'l2': 0.01}
    """
    return REGISTRY.get(identifier)


def serialize(regularizer: Any) -> Any:
    """The configuration of a regularizer."""
    return REGISTRY.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The regularizer that a configuration describes."""
    return REGISTRY.deserialize(config, custom_objects)

"""The losses by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.saving.registry import Registry

REGISTRY = Registry("loss", "keras.losses")


def get(identifier: Any) -> Any:
    """A loss from a name, a configuration, a class or an object; None stays None.

    A class's name gives an object, a function's name (`"mse"`, `"binary_crossentropy"`) the function.

    Raises:
        UnknownNameError: for a name that is not registered.

    Example:
        >>> get("mse").__name__
        'mean_squared_error'
    """
    return REGISTRY.get(identifier)


def serialize(loss: Any) -> Any:
    """The configuration of a loss object, or the name of a loss function."""
    return REGISTRY.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The loss that a name or a configuration describes."""
    return REGISTRY.deserialize(name, custom_objects)

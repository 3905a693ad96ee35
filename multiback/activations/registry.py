"""The activation functions by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.activations.linear import linear
from multiback.saving.registry import Registry

REGISTRY = Registry("activation", "keras.activations")


def get(identifier: Any) -> Any:
    """An activation function from a name, a configuration or a function; None is `linear`.

    Raises:
        UnknownNameError: for a name that is not registered.

    Example:
        >>> get("relu")(np.array([-1.0, 2.0]))    # 0 2
    """
    return linear if identifier is None else REGISTRY.get(identifier)


def serialize(activation: Any) -> Any:
    """The name of an activation function, or the configuration of an object."""
    return REGISTRY.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The activation that a name or a configuration describes."""
    return REGISTRY.deserialize(config, custom_objects)

"""The registry of layers and models: what a saved model may be made of."""

from __future__ import annotations

from typing import Any

from multiback.saving.registry import Registry

REGISTRY = Registry("layer", "keras.layers")
MODELS = Registry("model", "keras.models")


def serialize(layer: Any) -> Any:
    """The configuration of a layer, as JSON types."""
    return REGISTRY.serialize(layer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The layer that a configuration describes.

    Raises:
        UnknownNameError: for a class that is neither registered nor in `custom_objects`.
    """
    return REGISTRY.deserialize(config, custom_objects)

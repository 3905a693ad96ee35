"""The initializers by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback.dtypes import as_dtype
from multiback.errors import ShapeError
from multiback.random._seed import SeedGenerator
from multiback.saving.registry import Registry, file_under

REGISTRY = Registry("initializer", "keras.initializers")
file_under("keras.random")(SeedGenerator)  # occurs as a seed; multiback.random is below the registry


def get(identifier: Any) -> Any:
    """An initializer from a name, a configuration, a class, a function or an array; None stays None.

    A function takes `(shape, dtype=None)`. An array, of NumPy or of a framework, gives a function that returns it.

    Raises:
        UnknownNameError: for a name that is not registered, with the nearest one that is.
        ArgumentError: for anything else that is no initializer.

    Example:
        >>> get("he_normal").get_config()["seed"] is None
        True
    """
    if hasattr(identifier, "__array__") and hasattr(identifier, "shape") and not callable(identifier):
        return _given(identifier)
    return REGISTRY.get(identifier)


def serialize(initializer: Any) -> Any:
    """The configuration of an initializer, in Keras's form."""
    return REGISTRY.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initializer that a configuration describes.

    Raises:
        UnknownNameError: for a class that is neither registered nor in `custom_objects`.
    """
    return REGISTRY.deserialize(config, custom_objects)


def _given(values: Any) -> Any:
    host = np.asarray(values)

    def initialize(shape: Any, dtype: Any = None) -> np.ndarray:
        if tuple(shape) != host.shape:
            raise ShapeError(f"The array given as initializer has shape {host.shape}, the weight has {tuple(shape)}.")
        return host.astype(as_dtype(dtype or host.dtype).numpy)

    return initialize

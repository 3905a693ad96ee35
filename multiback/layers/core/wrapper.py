"""The base of layers around a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.errors import ArgumentError
from multiback.layers._arguments import title
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY, deserialize, serialize


@REGISTRY.register()
class Wrapper(Layer):
    """A layer around another one, `layer`; subclasses define `call`.

    Arguments:
        layer: The layer inside.

    Raises:
        ArgumentError: for something that is not a layer.

    Example:
        >>> class Twice(Wrapper):
        ...     def call(self, inputs):
        ...         return self.layer(self.layer(inputs))
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise ArgumentError(f"{title(self)} takes a layer, got {type(layer).__name__}: {layer!r}.")
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)
        self.built = True

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize(self.layer)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        inner = config["layer"]
        layer = deserialize(inner, custom_objects) if isinstance(inner, Mapping) else inner
        return super().from_config({**config, "layer": layer})

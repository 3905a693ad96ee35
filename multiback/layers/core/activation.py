"""An activation function as a layer."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import described, resolve
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class Activation(Layer):
    """Applies an activation function.

    Arguments:
        activation: Name or function.

    Raises:
        UnknownNameError: for a name that is not registered.

    Example:
        >>> Activation("relu")(numpy.array([[-1.0, 2.0]]))    # 0 2
    """

    activation: Any

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        resolve(self, activation=activation)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **described(self, "activation")}

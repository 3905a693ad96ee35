"""Inputs as they are."""

from __future__ import annotations

from typing import Any

from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class Identity(Layer):
    """Returns its inputs: a placeholder.

    Example:
        >>> Identity()(numpy.ones((2, 3))).shape
        (2, 3)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs

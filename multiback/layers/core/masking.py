"""Steps that do not count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback import ops
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.saving.registry import deserialize, serialize


@REGISTRY.register()
class Masking(Layer):
    """Masks the steps of which every feature equals `mask_value`, and sets them to 0.

    The mask travels with the output to the layers that follow.

    Arguments:
        mask_value: The number that marks a step to leave out.

    Input shape: (batch, ..., features). Output shape: the same; its mask is (batch, ...).

    Example:
        >>> Masking()(numpy.array([[[1.0], [0.0]]]))    # the second step is masked
    """

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = deserialize(mask_value) if isinstance(mask_value, Mapping) else mask_value
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        kept = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return ops.where(kept, inputs, 0)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mask_value": serialize(self.mask_value)}

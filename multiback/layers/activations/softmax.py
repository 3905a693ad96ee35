"""Softmax as a layer, with masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.layers.activations._logits import lowest_logit


@REGISTRY.register()
class Softmax(Layer):
    """Normalised exponentials: exp(x_i) / sum_j exp(x_j) along an axis.

    Arguments:
        axis: One axis or several; the outputs along them sum to 1.

    Called with `mask`, an array that broadcasts to the inputs, elements where it is False get 0 and do not count.

    Example:
        >>> Softmax()(numpy.zeros((1, 2)))    # 0.5 0.5
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return ops.softmax(inputs, axis=self.axis)
        kept = mask if mask.dtype == "bool" else ops.greater(mask, 0.5)
        outputs = ops.softmax(ops.where(kept, inputs, lowest_logit(inputs.dtype)), axis=self.axis)
        return ops.where(kept, outputs, 0.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}

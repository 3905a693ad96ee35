"""A penalty on activations."""

from __future__ import annotations

from typing import Any

from multiback import regularizers
from multiback.layers._arguments import described
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class ActivityRegularization(Layer):
    """Returns its inputs and adds a penalty to the loss: (l1 * sum |x| + l2 * sum x^2) / batch.

    Arguments:
        l1, l2: Factors of the two terms.

    Example:
        >>> ActivityRegularization(l2=0.01)(numpy.ones((2, 3))).shape
        (2, 3)
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        config = {k: v for k, v in super().get_config().items() if k != "activity_regularizer"}
        return {**config, **described(self, "l1", "l2")}

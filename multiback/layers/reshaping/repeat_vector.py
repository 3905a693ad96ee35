"""A vector as a sequence of equal steps."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import positive
from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class RepeatVector(Layer):
    """The input repeated n times: y[b, t, i] = x[b, i].

    Arguments:
        n: How many times.

    Input shape: (batch, features). Output shape: (batch, n, features).

    Raises:
        ArgumentError: if n is not a positive integer.
        ShapeError: for inputs of another rank.

    Example:
        >>> RepeatVector(3)(numpy.ones((2, 4))).shape
        (2, 3, 4)
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive(self, "n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        batch, features = inputs.shape
        return ops.broadcast_to(ops.expand_dims(inputs, 1), (batch, self.n, features))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}

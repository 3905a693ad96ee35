"""Categories as vectors."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import choice, positive, title
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class CategoryEncoding(Layer):
    """Numbers of categories as vectors with one element per category; numbers out of range count for none.

    Arguments:
        num_tokens: How many categories there are.
        output_mode: "one_hot": 1 at the category of each element; "multi_hot": 1 at each category that occurs among
            the elements of a sample; "count": how often it does.
        sparse: False.

    Input shape: (batch,) or (batch, elements), integers. Output shape: (batch, num_tokens); with "one_hot"
    (batch, elements, num_tokens), where one element alone has no axis of its own.

    Raises:
        ArgumentError: for another mode, or weights in another mode than "count".

    Example:
        >>> CategoryEncoding(3)(numpy.array([[0, 2]])).tolist()
        [[1.0, 0.0, 1.0]]
    """

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.num_tokens = positive(self, "num_tokens", num_tokens)
        mode = "multi_hot" if output_mode == "binary" else output_mode
        self.output_mode = choice(self, "output_mode", mode, ("one_hot", "multi_hot", "count"))
        if sparse:
            raise ArgumentError(f"{title(self)}: sparse=True is not supported.")
        self.sparse = False

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        if count_weights is not None and self.output_mode != "count":
            raise ArgumentError(f'{title(self)} takes count_weights with output_mode="count" only.')
        x = inputs if inputs.ndim else ops.expand_dims(inputs, -1)
        if self.output_mode == "one_hot" and x.ndim > 1 and x.shape[-1] == 1:
            x = ops.squeeze(x, -1)
        dtype = self.compute_dtype
        encoded = ops.one_hot(ops.cast(x, "int32"), self.num_tokens, dtype=dtype)
        if self.output_mode == "one_hot":
            return encoded
        axis = 1 if x.ndim > 1 else 0
        if self.output_mode == "multi_hot":
            return ops.max(encoded, axis=axis)
        if count_weights is not None:
            encoded = encoded * ops.expand_dims(ops.cast(count_weights, dtype), -1)
        return ops.sum(encoded, axis=axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_tokens": self.num_tokens, "output_mode": self.output_mode}

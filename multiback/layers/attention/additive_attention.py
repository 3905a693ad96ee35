"""Additive attention."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._registry import REGISTRY
from multiback.layers.attention.attention import Attention


@REGISTRY.register()
class AdditiveAttention(Attention):
    """Additive attention: softmax(sum(scale * tanh(query + key))) @ value, sample by sample.

    Called as `Attention`, on [query, value] or [query, value, key].

    Arguments:
        use_scale: Whether there is a learned scale for each feature; otherwise it is 1.
        dropout: Fraction of the weights dropped in training.

    Raises:
        ArgumentError: for a rate outside 0 to 1, or inputs that are not a list of two or three.

    Source: Bahdanau, Cho and Bengio 2015, Neural machine translation by jointly learning to align and translate.

    Example:
        >>> AdditiveAttention()([numpy.ones((2, 3, 4)), numpy.ones((2, 5, 4))]).shape
        (2, 3, 4)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        self._check(input_shape, "inputs")
        features = input_shape[0][-1]
        self.scale = self.add_weight((features,), "glorot_uniform", name="scale") if self.use_scale else None

    def _scores(self, query: Any, key: Any) -> Any:
        both = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(both if self.scale is None else both * self.scale, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {k: v for k, v in super().get_config().items() if k != "score_mode"}

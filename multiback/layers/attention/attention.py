"""Dot-product attention."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import choice, described, title, within
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.layers.attention._masking import positions_seen

_MODES = ("dot", "concat")


@REGISTRY.register()
class Attention(Layer):
    """Dot-product attention: softmax(query @ key^T) @ value, sample by sample.

    Called on [query, value] or [query, value, key]; the key is the value unless given.

    Arguments:
        use_scale: Whether scores are multiplied by a learned number.
        score_mode: "dot" (the products of query and key) or "concat" (a learned number times sum(tanh(query + key))).
        dropout: Fraction of the weights dropped in training.
        seed: Of the dropout.

    Call arguments:
        inputs: Arrays (batch, steps, features) and (batch, other steps, features).
        mask: [query_mask, value_mask]; masked values get no weight, outputs of masked queries are 0.
        return_attention_scores: Whether to return the weights too, (batch, steps, other steps).
        use_causal_mask: Whether a step sees only values up to its own position.

    Raises:
        ArgumentError: for another score mode, a rate outside 0 to 1, or inputs that are not a list of two or three.

    Source: Luong, Pham and Manning 2015, Effective approaches to attention-based neural machine translation.

    Example:
        >>> Attention()([numpy.ones((2, 3, 4)), numpy.ones((2, 5, 4))]).shape
        (2, 3, 4)
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.score_mode = choice(self, "score_mode", score_mode, _MODES)
        self.dropout = within(self, "dropout", dropout, 0, 1)
        self.seed = seed
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self._check(input_shape, "inputs")
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        concat = self.score_mode == "concat"
        self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight") if concat else None

    def _check(self, given: Any, what: str) -> None:
        if not isinstance(given, list | tuple) or not 2 <= len(given) <= 3 or isinstance(given[0], int | None):
            raise ArgumentError(f"{title(self)} expects {what} as a list [query, value] or [query, value, key].")

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (mask[0], mask[1]) if mask is not None else (None, None)
        scores = self._scores(query, key)
        weights = ops.softmax(self._masked(scores, value_mask, use_causal_mask), axis=-1)
        if training and self.dropout:
            weights = ops.dropout(weights, self._random_key(seed=self.seed), self.dropout)
        outputs = ops.matmul(weights, value)
        if query_mask is not None:
            outputs = ops.where(ops.expand_dims(query_mask, -1), outputs, 0)
        return (outputs, weights) if return_attention_scores else outputs

    def _scores(self, query: Any, key: Any) -> Any:
        """(batch, steps, other steps)."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else scores * self.scale
        both = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        both = both if self.scale is None else both * self.scale
        return self.concat_score_weight * ops.sum(ops.tanh(both), axis=-1)

    @staticmethod
    def _masked(scores: Any, value_mask: Any, causal: bool) -> Any:
        """Scores so low that nothing is left of them after softmax where a mask is False."""
        kept = None if value_mask is None else ops.expand_dims(ops.cast(value_mask, "bool"), -2)
        if causal:
            triangle = positions_seen(scores.shape[-2], scores.shape[-1], True, None)
            kept = triangle if kept is None else ops.logical_and(kept, triangle)
        lowest = 65504.0 if str(scores.dtype).endswith("float16") else 1e9
        return scores if kept is None else ops.where(kept, scores, scores - lowest)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return previous_mask[0] if previous_mask is not None else None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **described(self, "use_scale", "score_mode", "dropout", "seed")}

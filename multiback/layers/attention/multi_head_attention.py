"""Attention with several heads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import ShapeError
from multiback.layers import _masks
from multiback.layers._arguments import described, positive, resolve, title, within
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.layers.activations._logits import lowest_logit
from multiback.layers.attention._equations import attention_equations, projection_equation
from multiback.layers.attention._masking import combined, positions_seen
from multiback.layers.core.einsum_dense import EinsumDense


@REGISTRY.register()
class MultiHeadAttention(Layer):
    """Attention with several heads: y = concatenated(softmax(q_i k_i^T / sqrt(key_dim)) v_i) projected once more.

    q_i, k_i and v_i are projections of query, key and value for head i.

    Arguments:
        num_heads: How many heads.
        key_dim: Size of each head's queries and keys.
        value_dim: Size of each head's values; default `key_dim`.
        dropout: Fraction of the weights dropped in training.
        use_bias: Whether the projections have biases.
        output_shape: Sizes of the last axes of the output; default: the query's last one.
        attention_axes: Axes attended over, without the batch counted from 1; default: all but batch and features.
        sliding_window: A query sees keys at most this many positions away, itself included; None for all.
        flash_attention: Accepted and ignored: each backend uses its fastest kernel that means the same.
        kernel_initializer, bias_initializer: For the weights.
        kernel_regularizer, bias_regularizer: Penalties on the weights.
        activity_regularizer: Penalty on the output.
        kernel_constraint, bias_constraint: Projections after each update.
        use_gate: Whether each head's output is multiplied by the sigmoid of a further projection of the query.
        seed: Of the dropout.

    Call arguments:
        query: (batch, steps, features). value, key: (batch, other steps, features); the key is the value unless given.
        query_mask, value_mask, key_mask: Booleans (batch, steps); by default the masks that travel with the arrays.
        attention_mask: Booleans (batch, steps, other steps): which keys a query may see.
        return_attention_scores: Whether to return the weights too, (batch, heads, steps, other steps).
        use_causal_mask: Whether a query sees only keys up to its own position.

    Raises:
        ArgumentError: for sizes that are not positive, or a rate outside 0 to 1.
        ShapeError: if key and value have different steps.

    Source: Vaswani et al. 2017, Attention is all you need.

    Example:
        >>> MultiHeadAttention(num_heads=2, key_dim=3)(numpy.ones((2, 5, 4)), numpy.ones((2, 6, 4))).shape
        (2, 5, 4)
    """

    kernel_initializer: Any
    kernel_regularizer: Any
    kernel_constraint: Any
    bias_initializer: Any
    bias_regularizer: Any
    bias_constraint: Any

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.num_heads = positive(self, "num_heads", num_heads)
        self.key_dim = positive(self, "key_dim", key_dim)
        self.value_dim = self.key_dim if value_dim is None else positive(self, "value_dim", value_dim)
        self.dropout = within(self, "dropout", dropout, 0, 1)
        self.use_bias = use_bias
        self._output_sizes = _tuple(output_shape)
        self.attention_axes = _tuple(attention_axes)
        self.sliding_window = None if sliding_window is None else positive(self, "sliding_window", sliding_window)
        self.use_gate = use_gate
        self.seed = seed
        resolve(
            self,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )
        self.supports_masking = True

    def build(  # type: ignore[override]
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ShapeError(f"{title(self)} expects key and value of equal steps, got {key_shape} and {value_shape}.")
        if self.attention_axes is None:
            self.attention_axes = tuple(range(1, len(query_shape) - 1))
        heads = (self.num_heads, self.key_dim)
        self.query_dense = self._projection("query", query_shape, 1, heads)
        self.key_dense = self._projection("key", key_shape, 1, heads)
        gated = (self.num_heads, self.value_dim)
        self._gate_dense = self._projection("gate", query_shape, 1, gated, "sigmoid") if self.use_gate else None
        self.value_dense = self._projection("value", value_shape, 1, gated)
        sizes = self._output_sizes or (query_shape[-1],)
        self.output_dense = self._projection("attention_output", (*query_shape[:-1], *gated), 2, sizes)

    def _projection(
        self, name: str, shape: Sequence[Any], bound: int, sizes: tuple[int, ...], activation: Any = None
    ) -> EinsumDense:
        """A built projection of the last `bound` axes to axes of these sizes."""
        equation, bias_axes = projection_equation(len(shape) - bound, bound, len(sizes))
        layer = EinsumDense(
            equation,
            output_shape=(*[None] * (len(shape) - bound - 1), *sizes),
            activation=activation,
            bias_axes=bias_axes if self.use_bias else None,
            kernel_initializer=self.kernel_initializer,
            bias_initializer=self.bias_initializer,
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build(tuple(shape))
        return layer

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        key = value if key is None else key
        mask = combined(query_mask, value_mask, key_mask, attention_mask)
        gate = self._gate_dense(query) if self._gate_dense is not None else None
        parts = self.query_dense(query), self.key_dense(key), self.value_dense(value)
        fused = len(query.shape) == 3 and not return_attention_scores and not (training and self.dropout)
        if fused and self.sliding_window is None:
            outputs, weights = self._fused(*parts, mask, use_causal_mask), None
        else:
            outputs, weights = self._written_out(*parts, mask, use_causal_mask, training)
        outputs = self.output_dense(outputs if gate is None else outputs * gate)
        _masks.set_mask(outputs, query_mask)
        return (outputs, weights) if return_attention_scores else outputs

    def _fused(self, query: Any, key: Any, value: Any, mask: Any, causal: bool) -> Any:
        mask = _beside(mask, query, 2)
        scale = 1 / math.sqrt(self.key_dim)
        return ops.dot_product_attention(query, key, value, mask=mask, scale=scale, is_causal=causal)

    def _written_out(
        self, query: Any, key: Any, value: Any, mask: Any, causal: bool, training: bool | None
    ) -> tuple[Any, Any]:
        """Attention over any axes, with its weights."""
        axes = tuple(a % (len(query.shape) - 1) for a in self.attention_axes or ())
        to_scores, to_outputs = attention_equations(len(query.shape), axes)
        scores = ops.einsum(to_scores, key, query * (1 / math.sqrt(self.key_dim)))
        if causal or self.sliding_window is not None:
            seen = positions_seen(query.shape[1], key.shape[1], causal, self.sliding_window)
            mask = seen if mask is None else ops.logical_and(mask, seen)
        mask = _beside(mask, scores, 2 * len(axes))
        if mask is not None:
            scores = ops.where(mask, scores, lowest_logit(scores.dtype))
        weights = ops.softmax(scores, axis=tuple(range(-len(axes), 0)))
        weights = weights if mask is None else ops.where(mask, weights, 0)
        kept = weights
        if training and self.dropout:
            kept = ops.dropout(weights, self._random_key(seed=self.seed), self.dropout)
        return ops.einsum(to_outputs, kept, value), weights

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        # The call sets the mask of the outputs; the scores have none.
        return None

    def get_config(self) -> dict[str, Any]:
        names = ("num_heads", "key_dim", "value_dim", "dropout", "use_bias", "attention_axes", "sliding_window")
        kinds = [f"{w}_{k}" for w in ("kernel", "bias") for k in ("initializer", "regularizer", "constraint")]
        config = {**super().get_config(), **described(self, *names, *kinds, "use_gate", "seed")}
        return {**config, "output_shape": self._output_sizes}


def _tuple(value: Any) -> tuple[int, ...] | None:
    return None if value is None else (value,) if isinstance(value, int) else tuple(value)


def _beside(mask: Any, scores: Any, own: int) -> Any:
    """A mask with axes of size 1 before its last `own` ones, so that it broadcasts to the scores."""
    missing = 0 if mask is None else len(scores.shape) - len(mask.shape)
    return ops.expand_dims(mask, tuple(range(-own - missing, -own))) if missing else mask

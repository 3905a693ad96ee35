"""A learned vector for each of a number of things."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import described, positive, resolve, title
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class Embedding(Layer):
    """A learned vector for each integer: y[..., :] = embeddings[x[...], :].

    Arguments:
        input_dim: How many integers there are: 0 to input_dim - 1. Others take the nearest vector, negative ones count
            from the end, as in `ops.take`.
        output_dim: Size of the vectors.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: For the vectors.
        mask_zero: Whether 0 marks steps to leave out; the mask travels with the output.
        weights: Initial vectors, (input_dim, output_dim).
        lora_rank, lora_alpha, quantization_config: Not supported; must be None.

    Input shape: any, integers. Output shape: the same with output_dim as a further axis.

    Raises:
        ArgumentError: for sizes that are not positive.

    Example:
        >>> Embedding(10, 4)(numpy.array([[1, 2, 3]])).shape
        (1, 3, 4)
    """

    embeddings_initializer: Any
    embeddings_regularizer: Any
    embeddings_constraint: Any

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)
        super().__init__(**kwargs)
        if lora_rank is not None or quantization_config is not None:
            raise ArgumentError(f"{title(self)}: lora_rank and quantization_config are not supported; leave them None.")
        self.input_dim = positive(self, "input_dim", input_dim)
        self.output_dim = positive(self, "output_dim", output_dim)
        resolve(
            self,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
        )
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape: Any = None) -> None:
        self.embeddings = self.add_weight(
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            autocast=False,
            name="embeddings",
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        indices = inputs if str(inputs.dtype).rpartition(".")[2] in ("int32", "int64") else ops.cast(inputs, "int32")
        return ops.cast(ops.take(self.embeddings, indices, axis=0), self.compute_dtype)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def get_config(self) -> dict[str, Any]:
        names = ("input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer")
        return {**super().get_config(), **described(self, *names, "embeddings_constraint", "mask_zero")}

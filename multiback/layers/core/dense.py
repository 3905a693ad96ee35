"""Fully connected layer."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import described, positive, resolve, title
from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class Dense(Layer):
    """Fully connected layer: y = activation(x @ kernel + bias) along the last axis.

    Arguments:
        units: Size of the last axis of the output.
        activation: Name or function; None is the identity.
        use_bias: Whether a bias is added.
        kernel_initializer, bias_initializer: For the weights.
        kernel_regularizer, bias_regularizer: Penalties on the weights.
        activity_regularizer: Penalty on the output.
        kernel_constraint, bias_constraint: Projections after each update.
        lora_rank, lora_alpha, quantization_config: Not supported; must be None.

    Input shape: (batch, ..., features). Output shape: (batch, ..., units).

    Raises:
        ArgumentError: if units is not a positive integer.

    Example:
        >>> Dense(4, activation="relu")(numpy.ones((2, 3))).shape
        (2, 4)
    """

    activation: Any
    kernel_initializer: Any
    kernel_regularizer: Any
    kernel_constraint: Any
    bias_initializer: Any
    bias_regularizer: Any
    bias_constraint: Any

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if lora_rank is not None or quantization_config is not None:
            raise ArgumentError(f"{title(self)}: lora_rank and quantization_config are not supported; leave them None.")
        self.units = positive(self, "units", units)
        self.use_bias = use_bias
        resolve(
            self,
            activation=activation,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )
        self.supports_masking = True
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1]
        self.kernel = self.add_weight(
            shape=(features, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Any) -> Any:
        outputs = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)

    def get_config(self) -> dict[str, Any]:
        kinds = [f"{w}_{k}" for w in ("kernel", "bias") for k in ("initializer", "regularizer", "constraint")]
        return {**super().get_config(), **described(self, "units", "activation", "use_bias", *kinds)}

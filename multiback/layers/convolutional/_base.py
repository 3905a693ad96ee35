"""What all convolutions share: windows, bias, activation, data format."""

from __future__ import annotations

from typing import Any, ClassVar

from multiback import ops
from multiback.config import standardize_data_format
from multiback.errors import ShapeError
from multiback.layers._arguments import choice, described, per_axis, resolve, title
from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer


class ConvolutionLayer(Layer):
    """A layer that slides windows over `rank` spatial axes, then adds a bias and applies an activation."""

    activation: Any
    rank: ClassVar[int]
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")
    _config: ClassVar[tuple[str, ...]] = (
        "kernel_size", "strides", "padding", "data_format", "dilation_rate", "activation", "use_bias",
        "bias_initializer", "bias_regularizer", "bias_constraint",
    )  # fmt: skip

    def __init__(
        self,
        *,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_size = per_axis(self, "kernel_size", kernel_size, self.rank)
        self.strides = per_axis(self, "strides", strides, self.rank)
        self.dilation_rate = per_axis(self, "dilation_rate", dilation_rate, self.rank)
        self.padding = choice(self, "padding", padding, self.paddings)
        self.data_format = standardize_data_format(data_format)
        self.use_bias = use_bias
        resolve(
            self,
            activation=activation,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            bias_constraint=bias_constraint,
        )
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _channel_axis(self) -> int:
        return -1 if self.data_format == "channels_last" else 1

    def _channels(self, input_shape: Any) -> int:
        """The number of input channels, which from now on every input must have."""
        if len(input_shape) != self.rank + 2:
            raise ShapeError(
                f"{title(self)} expects inputs with {self.rank + 2} axes, got {len(input_shape)}: {tuple(input_shape)}."
            )
        channels = input_shape[self._channel_axis]
        if channels is None:
            raise ShapeError(f"{title(self)} needs a known number of channels, got {tuple(input_shape)}.")
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        return channels

    def _add_kernel(self, name: str, kind: str, shape: tuple[int, ...]) -> Any:
        return self.add_weight(
            shape=shape,
            initializer=getattr(self, f"{kind}_initializer"),
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
            name=name,
        )

    def _add_bias(self, count: int) -> None:
        self.bias = self._add_kernel("bias", "bias", (count,)) if self.use_bias else None

    @property
    def _windows(self) -> dict[str, Any]:
        return {
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
        }

    def _finished(self, outputs: Any) -> Any:
        """Adds the bias and applies the activation."""
        if self.bias is not None:
            bias = self.bias
            if self.data_format == "channels_first":
                bias = ops.reshape(bias, (*bias.shape, *[1] * self.rank))
            outputs = ops.add(outputs, bias)
        return self.activation(outputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **described(self, *self._config)}

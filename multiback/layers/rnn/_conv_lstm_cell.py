"""One step of long short-term memory whose products are convolutions."""

from __future__ import annotations

from typing import Any, ClassVar

from multiback import ops
from multiback.config import standardize_data_format
from multiback.errors import ArgumentError, ShapeError
from multiback.layers._arguments import choice, per_axis, title
from multiback.layers.rnn.lstm_cell import LSTMCell
from multiback.ops import _windows as windows


class ConvLSTMCell(LSTMCell):
    """One step of LSTM on images, sequences or volumes: the products with the weights are convolutions."""

    rank: ClassVar[int]
    _config = (
        "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
        *(name for name in LSTMCell._config if name != "units"),
    )  # fmt: skip

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters, activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed, **kwargs,
        )  # fmt: skip
        self.kernel_size = per_axis(self, "kernel_size", kernel_size, self.rank)
        self.strides = per_axis(self, "strides", strides, self.rank)
        self.dilation_rate = per_axis(self, "dilation_rate", dilation_rate, self.rank)
        self.padding = choice(self, "padding", padding, ("valid", "same"))
        self.data_format = standardize_data_format(data_format)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(f"{title(self)}: strides and dilation_rate cannot both be above 1.")
        self._state_shape: tuple[int, ...] = ()

    @property
    def filters(self) -> int:
        """The number of channels of the output and of each state."""
        return self.units

    @property
    def output_size(self) -> Any:
        """The sizes of an output, without the batch."""
        return self._state_shape

    @property
    def _channels(self) -> int:
        return self.rank + 1 if self.data_format == "channels_last" else 1

    def build(self, input_shape: Any) -> None:
        space = windows.spatial(tuple(input_shape), self.data_format)
        channels = input_shape[self._channels]
        if None in space or channels is None:
            raise ShapeError(
                f"{title(self)} needs rows and channels of known sizes, got inputs of shape {input_shape}."
            )
        sizes = []
        for n, k, s, d in zip(space, self.kernel_size, self.strides, self.dilation_rate):
            extent = windows.extent(k, d)
            pads = windows.same_pads(n, extent, s) if self.padding == "same" else (0, 0)
            sizes.append(windows.windows(n, extent, s, pads))
        windows.check_fits(title(self), sizes)
        self._state_shape = tuple(windows.with_spatial(0, tuple(sizes), self.filters, self.data_format)[1:])  # type: ignore
        self.kernel = self._add("kernel", "kernel", (*self.kernel_size, channels, 4 * self.filters))
        shape = (*self.kernel_size, self.filters, 4 * self.filters)
        self.recurrent_kernel = self._add("recurrent_kernel", "recurrent", shape)
        self.bias = self._add("bias", "bias", self._bias_shape()) if self.use_bias else None

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Zeros for each state."""
        return [ops.zeros((batch_size, *self._state_shape), dtype=self.compute_dtype) for _ in range(2)]

    def dropped_inputs(self, x: Any, training: bool | None) -> list[Any]:
        """The inputs of each gate; each has a mask of its own."""
        return self._dropped(x, self.dropout, "inputs", self.gates) if training and self.dropout else [x]

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> Any:
        h, c = states
        z = self._convolved(self.dropped_inputs(inputs, training), self.kernel, self.strides, self.padding,
                            self.dilation_rate)  # fmt: skip
        if self.bias is not None:
            ones = [1] * self.rank
            first = self.data_format == "channels_first"
            z = z + ops.reshape(self.bias, (1, -1, *ones) if first else (1, *ones, -1))
        z = z + self._convolved(self.dropped_state(h, training), self.recurrent_kernel, 1, "same", 1)
        i, f, g, o = ops.split(z, 4, axis=self._channels)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]

    def _convolved(self, parts: list[Any], kernel: Any, strides: Any, padding: str, rate: Any) -> Any:
        blocks = ops.split(kernel, len(parts), axis=-1) if len(parts) > 1 else [kernel]
        found = [ops.conv(x, w, strides, padding, self.data_format, rate) for x, w in zip(parts, blocks)]
        return found[0] if len(found) == 1 else ops.concatenate(found, axis=self._channels)


class ConvLSTM1DCell(ConvLSTMCell):
    """One step on sequences."""

    rank = 1


class ConvLSTM2DCell(ConvLSTMCell):
    """One step on images."""

    rank = 2


class ConvLSTM3DCell(ConvLSTMCell):
    """One step on volumes."""

    rank = 3

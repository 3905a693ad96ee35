"""Fully connected layer between any axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from multiback import initializers, ops
from multiback.errors import ArgumentError, ShapeError
from multiback.layers._arguments import described, resolve, title
from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY

_EQUATION = re.compile(r"(\.{3})?([a-zA-Z]+)(\.{3})?,([a-zA-Z]+)->(\.{3})?([a-zA-Z]+)(\.{3})?\Z")


@REGISTRY.register()
class EinsumDense(Layer):
    """Fully connected layer between any axes: y = activation(einsum(equation, x, kernel) + bias).

    Arguments:
        equation: Such as "ab,bc->ac" or "...x,xy->...y"; the first part is the input, the second the kernel.
        output_shape: Sizes of the output without the batch and without the axes that the dots stand for; None for sizes
            that the input gives.
        activation: Name or function; None is the identity.
        bias_axes: The letters of the output's axes that the bias has, such as "c"; None for no bias.
        kernel_initializer, bias_initializer: For the weights.
        kernel_regularizer, bias_regularizer: Penalties on the weights.
        kernel_constraint, bias_constraint: Projections after each update.
        lora_rank, lora_alpha, gptq_unpacked_column_size, quantization_config: Not supported; must be None.

    Raises:
        ArgumentError: for an equation of another form, or letters that it does not hold.
        ShapeError: if sizes do not fit.

    Example:
        >>> EinsumDense("abc,cd->abd", output_shape=(None, 8), bias_axes="d")(numpy.ones((2, 5, 4))).shape
        (2, 5, 8)
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
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if lora_rank is not None or gptq_unpacked_column_size is not None or quantization_config is not None:
            raise ArgumentError(f"{title(self)}: low-rank and quantized weights are not supported; leave them None.")
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.bias_axes = bias_axes
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
        self._letters = self._parsed()

    def _parsed(self) -> tuple[str, str, str, bool, bool]:
        """Letters of input, kernel and output, and whether dots stand on their left and right."""
        found = _EQUATION.match(self.equation.replace(" ", ""))
        if not found or found[1] != found[5] or found[3] != found[7] or (found[1] and found[3]):
            raise ArgumentError(
                f"{title(self)}: equation must look like 'ab,bc->ac', '...b,bc->...c' or 'ab...,bc->ac...', "
                f"got {self.equation!r}."
            )
        inputs, kernel, outputs = found[2], found[4], found[6]
        for letter in (*outputs, *kernel):
            if letter not in inputs + (kernel if letter in outputs else outputs):
                raise ArgumentError(f"{title(self)}: {letter!r} stands alone in equation {self.equation!r}.")
        for letter in self.bias_axes or "":
            if letter not in outputs:
                raise ArgumentError(
                    f"{title(self)}: bias_axes {self.bias_axes!r} are not axes of the output {outputs!r}."
                )
        return inputs, kernel, outputs, bool(found[1]), bool(found[3])

    def build(self, input_shape: Any) -> None:
        inputs, kernel, outputs, left, right = self._letters
        elided = len(input_shape) - len(inputs)
        if elided < 0 or (elided and not (left or right)):
            raise ShapeError(f"{title(self)} expects inputs for {self.equation!r}, got shape {tuple(input_shape)}.")
        named = input_shape[elided:] if left else input_shape[: len(inputs)]
        sizes = dict(zip(inputs, named))
        given = self.partial_output_shape if left and elided else (input_shape[0], *self.partial_output_shape)
        if len(given) != len(outputs):
            raise ShapeError(
                f"{title(self)}: output_shape {self.partial_output_shape} does not fit the output {outputs!r}."
            )
        for letter, size in zip(outputs, given):
            if letter in sizes and None not in (size, sizes[letter]) and size != sizes[letter]:
                raise ShapeError(
                    f"{title(self)}: axis {letter!r} has size {sizes[letter]} in the input, {size} in the output."
                )
            sizes[letter] = size if sizes.get(letter) is None else sizes[letter]
        self.kernel = self.add_weight(
            shape=[sizes[letter] for letter in kernel],
            initializer=self._spread_initializer(kernel, outputs),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.bias_axes is not None:
            tail = outputs[min(outputs.index(letter) for letter in self.bias_axes) :]
            self.bias = self.add_weight(
                shape=[sizes[c] if c in self.bias_axes else 1 for c in tail] + [1] * (elided if right else 0),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(ndim=len(input_shape))

    def _spread_initializer(self, kernel: str, outputs: str) -> Any:
        """Variance scaling, told which axes of the kernel are summed over."""
        initializer = self.kernel_initializer
        if not isinstance(initializer, initializers.VarianceScaling) or None not in (
            initializer.input_axes,
            initializer.output_axes,
        ):
            return initializer
        summed = [i for i, letter in enumerate(kernel) if letter not in outputs]
        kept = [i for i, letter in enumerate(kernel) if letter in outputs]
        return type(initializer).from_config({**initializer.get_config(), "input_axes": summed, "output_axes": kept})

    def call(self, inputs: Any) -> Any:
        outputs = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)

    def get_config(self) -> dict[str, Any]:
        kinds = [f"{w}_{k}" for w in ("kernel", "bias") for k in ("initializer", "regularizer", "constraint")]
        config = described(self, "equation", "activation", "bias_axes", *kinds)
        return {**super().get_config(), **config, "output_shape": self.partial_output_shape}

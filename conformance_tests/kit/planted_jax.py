"""Mistakes for the JAX adapter."""

from planted import Plant

from multiback_jax.lowering.convolution import conv as right_conv


def conv(inputs, kernel, bias, *, strides, padding, **rest):
    padding = tuple((after, before) for before, after in padding)
    return right_conv(inputs, kernel, bias, strides=strides, padding=padding, **rest)


PLANTS = {
    "gelu_tanh": Plant("gelu", "jax.nn.gelu({x}, approximate=True)", "tanh's approximation for the error function"),
    "symmetric_padding": Plant("conv", conv, "`same` padding with the odd row before instead of behind"),
}

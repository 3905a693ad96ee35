"""Activation functions with an instruction or a derivative of their own in JAX; XLA fuses the bodies of the others."""

from multiback.backends.protocol import Fast

FAST = {
    "sigmoid": Fast("lax.logistic({x})"),
    "softmax": Fast("jax.nn.softmax({x}, {axis})"),
    "log_softmax": Fast("jax.nn.log_softmax({x}, {axis})"),
}

"""Activation functions that TensorFlow computes in one pass.

Not elu, whose kernel takes exp(x) - 1 and loses the digits of small numbers.
"""

from multiback.backends.protocol import Fast

FAST = {
    "relu": Fast("tf.nn.relu({x})"),
    "relu6": Fast("tf.nn.relu6({x})"),
    # The kernel holds its slope in float32.
    "leaky_relu": Fast(
        "tf.nn.leaky_relu({x}, {negative_slope})", when=lambda equation: equation.flat_inputs[0].dtype != "float64"
    ),
    "sigmoid": Fast("tf.sigmoid({x})"),
    "softplus": Fast("tf.nn.softplus({x})"),
    "silu": Fast("tf.nn.silu({x})"),
}

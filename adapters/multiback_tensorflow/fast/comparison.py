"""Comparisons that are one kernel in TensorFlow."""

from multiback.backends.protocol import Fast


def _of_floats(equation):
    return equation.inputs[0].dtype.is_float


FAST = {
    "not_equal": Fast("tf.not_equal({x1:array}, {x2:array})"),
    "greater": Fast("tf.greater({x1:array}, {x2:array})"),
    "greater_equal": Fast("tf.greater_equal({x1:array}, {x2:array})"),
    "isnan": Fast("tf.math.is_nan({x})", _of_floats),
    "isinf": Fast("tf.math.is_inf({x})", _of_floats),
    "isfinite": Fast("tf.math.is_finite({x})", _of_floats),
    "all": Fast("tf.reduce_all({x}, {axis}, {keepdims})"),
}

"""Trigonometric and hyperbolic functions that are one kernel in TensorFlow."""

from multiback.backends.protocol import Fast

FAST = {
    "tan": Fast("tf.tan({x})"),
    "arcsin": Fast("tf.asin({x})"),
    "arccos": Fast("tf.acos({x})"),
    "arctan": Fast("tf.atan({x})"),
    "arccosh": Fast("tf.acosh({x})"),
    "arctanh": Fast("tf.atanh({x})"),
}

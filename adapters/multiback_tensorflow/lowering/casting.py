"""Conversions between dtypes."""

LOWER = {
    "cast": "tf.cast({x:array}, {dtype})",
    "stop_gradient": "tf.stop_gradient({variable:array})",
}

"""Sums, products, extrema and tests along axes."""

LOWER = {
    "sum": "tf.reduce_sum({x:array}, {axis}, {keepdims})",
    "prod": "tf.reduce_prod({x:array}, {axis}, {keepdims})",
    "amax": "tf.reduce_max({x:array}, {axis}, {keepdims})",
    "amin": "tf.reduce_min({x:array}, {axis}, {keepdims})",
    "any": "tf.reduce_any({x:array}, {axis}, {keepdims})",
}

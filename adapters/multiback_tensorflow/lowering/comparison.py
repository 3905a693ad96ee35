"""Comparisons."""

LOWER = {
    "equal": "tf.equal({x1:array}, {x2:array})",
    "less": "tf.less({x1:array}, {x2:array})",
    "less_equal": "tf.less_equal({x1:array}, {x2:array})",
}

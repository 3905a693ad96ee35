"""Complex numbers."""

LOWER = {
    "complex": "tf.complex({real:array}, {imag:array})",
    "real": "tf.math.real({x:array})",
    "imag": "tf.math.imag({x:array})",
}

"""Symbolic sizes as arrays."""

LOWER = {"dimension": "tf.cast({size}, {dtype})"}

"""Floats as bit patterns."""

LOWER = {"bitcast": "tf.bitcast({x:array}, {dtype})"}

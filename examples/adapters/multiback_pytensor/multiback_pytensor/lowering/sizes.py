"""Symbolic sizes as arrays."""

LOWER = {"dimension": "pt.as_tensor({size}).astype({dtype})"}

"""Symbolic sizes as arrays."""

LOWER = {"dimension": "torch.tensor({size}, dtype={dtype})"}

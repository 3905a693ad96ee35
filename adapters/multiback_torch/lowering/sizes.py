"""Symbolic sizes as arrays."""

LOWER = {"dimension": "torch.scalar_tensor({size}, dtype={dtype})"}

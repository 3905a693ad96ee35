"""Functions that exported files are given a copy of: plain JAX, nothing of multiback."""

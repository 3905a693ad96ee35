"""Functions that exported files are given a copy of: plain Keras, nothing of multiback."""

"""Functions that exported files are given a copy of: plain TensorFlow, nothing of multiback."""

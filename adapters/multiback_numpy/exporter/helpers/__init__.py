"""Functions that exported files are given a copy of: plain NumPy, nothing of multiback."""

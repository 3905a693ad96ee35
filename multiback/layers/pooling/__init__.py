"""Pooling: maxima and means over windows, or over whole axes."""

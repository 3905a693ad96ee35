"""Layers that give their outputs mean 0 and variance 1, or unit norm, over chosen axes."""

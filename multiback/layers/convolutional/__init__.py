"""Convolutions over one, two and three spatial axes: plain, transposed, depthwise and separable."""

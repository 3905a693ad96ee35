"""Training: data sources, progress, and the loop behind `fit`, `evaluate` and `predict`."""

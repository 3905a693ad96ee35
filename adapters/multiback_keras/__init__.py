"""Keras 3 models in and out. There is no backend here: Keras runs on one of the others."""

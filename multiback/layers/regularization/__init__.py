"""Layers that do something in training only: dropout, noise, penalties."""

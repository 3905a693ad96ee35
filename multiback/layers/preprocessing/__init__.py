"""Layers that make data ready: images and categories."""

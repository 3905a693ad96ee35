"""Layers that make one array of several, and functions that apply them."""

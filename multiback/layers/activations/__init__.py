"""Activation functions with arguments or weights, as layers."""

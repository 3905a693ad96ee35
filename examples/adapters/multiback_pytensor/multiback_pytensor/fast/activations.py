"""Activation functions that are one op in PyTensor."""

from multiback.backends import Fast

FAST = {"sigmoid": Fast("pt.sigmoid({x:array})")}

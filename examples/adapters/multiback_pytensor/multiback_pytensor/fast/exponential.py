"""Powers that PyTensor knows."""

from multiback.backends import Fast

FAST = {"square": Fast("pt.sqr({x:array})")}

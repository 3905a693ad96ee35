"""Regularizers: penalties on weights and activations, added to the loss."""

from multiback.regularizers.l1 import L1
from multiback.regularizers.l1l2 import L1L2
from multiback.regularizers.l2 import L2
from multiback.regularizers.orthogonal import OrthogonalRegularizer
from multiback.regularizers.registry import deserialize, get, serialize
from multiback.regularizers.regularizer import Regularizer

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

"""Constraints: what weights must satisfy after each update."""

from multiback.constraints.constraint import Constraint
from multiback.constraints.max_norm import MaxNorm
from multiback.constraints.min_max_norm import MinMaxNorm
from multiback.constraints.non_neg import NonNeg
from multiback.constraints.registry import deserialize, get, serialize
from multiback.constraints.unit_norm import UnitNorm

# The modules of the same names stay importable by path; as attributes these are the classes, as in Keras.
max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

"""Initializers: the first values of weights, by Keras's names."""

from multiback.initializers.constant import Constant, Identity, Ones, Zeros
from multiback.initializers.distributions import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from multiback.initializers.initializer import Initializer, RandomInitializer
from multiback.initializers.registry import deserialize, get, serialize
from multiback.initializers.variance_scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)

IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "IdentityInitializer", "Initializer",
    "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "OrthogonalInitializer", "RandomInitializer", "RandomNormal",
    "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros", "deserialize", "get", "serialize",
]  # fmt: skip

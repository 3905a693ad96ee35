"""Losses: the classes and functions of Keras 3, written once in `multiback.ops`."""

from multiback.losses.binary_crossentropy import BinaryCrossentropy, binary_crossentropy
from multiback.losses.binary_focal_crossentropy import BinaryFocalCrossentropy, binary_focal_crossentropy
from multiback.losses.categorical_crossentropy import CategoricalCrossentropy, categorical_crossentropy
from multiback.losses.categorical_focal_crossentropy import CategoricalFocalCrossentropy, categorical_focal_crossentropy
from multiback.losses.categorical_generalized_cross_entropy import (
    CategoricalGeneralizedCrossEntropy,
    categorical_generalized_cross_entropy,
)
from multiback.losses.categorical_hinge import CategoricalHinge, categorical_hinge
from multiback.losses.circle import Circle, circle
from multiback.losses.cosine_similarity import CosineSimilarity, cosine_similarity
from multiback.losses.dice import Dice, dice
from multiback.losses.function_loss import LossFunctionWrapper
from multiback.losses.hinge import Hinge, hinge
from multiback.losses.huber import Huber, huber
from multiback.losses.kl_divergence import KLDivergence, kl_divergence
from multiback.losses.log_cosh import LogCosh, log_cosh
from multiback.losses.loss import Loss
from multiback.losses.mean_absolute_error import MeanAbsoluteError, mean_absolute_error
from multiback.losses.mean_absolute_percentage_error import MeanAbsolutePercentageError, mean_absolute_percentage_error
from multiback.losses.mean_squared_error import MeanSquaredError, mean_squared_error
from multiback.losses.mean_squared_logarithmic_error import MeanSquaredLogarithmicError, mean_squared_logarithmic_error
from multiback.losses.poisson import Poisson, poisson
from multiback.losses.registry import deserialize, get, serialize
from multiback.losses.sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy,
    sparse_categorical_crossentropy,
)
from multiback.losses.squared_hinge import SquaredHinge, squared_hinge
from multiback.losses.tversky import Tversky, tversky

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]

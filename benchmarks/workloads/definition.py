"""The description of a workload: shapes, weights and chunk sizes, with no framework in it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Weights = tuple[tuple[str, tuple[int, ...]], ...]
Task = Literal["classes", "tokens", "clicks", "images"]

# Keras's defaults, given to every peer.
LEARNING_RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7
MOMENTUM, NORM_EPSILON = 0.99, 1e-3
CLASSES = 10


@dataclass(frozen=True)
class Chunks:
    """Two numbers of steps; the difference of their costs is free of the fixed cost of a call."""

    short: int
    long: int


@dataclass(frozen=True)
class Input:
    """One array that goes into the model: float32, or int32 below the limit of each column in `limits`."""

    shape: tuple[int, ...]
    limits: tuple[int, ...] = ()

    @property
    def dtype(self) -> str:
        """Name of the NumPy type."""
        return "int32" if self.limits else "float32"


@dataclass(frozen=True)
class Workload:
    """One model with the data it is trained on; `weights` are in Keras's order and layout.

    `kind` names the architecture and `sizes` the numbers in it that `weights` do not show. `task` says what is learnt:
    "classes" one class for each sample, "tokens" one class for each position (both with sparse softmax cross-entropy),
    "clicks" a probability (binary cross-entropy from logits), "images" an image (mean squared error).
    `random` says what of a step is drawn, where something is; `other_step` why else two peers take different steps.
    """

    name: str
    title: str
    kind: str
    batch: int
    inputs: tuple[Input, ...]
    weights: Weights
    train: Chunks
    predict: Chunks
    task: Task = "classes"
    outputs: int = CLASSES
    sizes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    random: str = ""
    other_step: str = ""

    @property
    def parameters(self) -> int:
        """Number of trainable scalars of the model."""
        return sum(math.prod(shape) for name, shape in self.weights if not is_statistic(name))

    @property
    def rows(self) -> int:
        """Number of samples that the longest chunk needs."""
        return self.batch * max(self.train.long, self.predict.long)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample of the first (for most workloads the only) input."""
        return self.inputs[0].shape

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Shape of what is learnt from one sample."""
        match self.task:
            case "classes":
                return ()
            case "clicks":
                return (1,)
            case _:
                return self.inputs[0].shape

    @property
    def target_dtype(self) -> str:
        """Name of the NumPy type of what is learnt."""
        return "int32" if self.task in ("classes", "tokens") else "float32"


def is_statistic(name: str) -> bool:
    """Whether a weight is a running statistic, which no gradient changes."""
    return name.rpartition("/")[2].startswith("moving_")

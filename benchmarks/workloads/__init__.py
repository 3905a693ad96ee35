"""What is measured: shapes, data, initial weights and chunk sizes, the same for every peer."""

from workloads.attention import WORKLOADS as _ATTENTION
from workloads.convolutional import WORKLOADS as _CONVOLUTIONAL
from workloads.data import Array, arrays, data
from workloads.definition import (
    BETA_1,
    BETA_2,
    CLASSES,
    EPSILON,
    LEARNING_RATE,
    MOMENTUM,
    NORM_EPSILON,
    Chunks,
    Input,
    Workload,
    is_statistic,
)
from workloads.dense import WORKLOADS as _DENSE
from workloads.dense import scaling
from workloads.images import WORKLOADS as _IMAGES
from workloads.recurrent import WORKLOADS as _RECURRENT
from workloads.tables import WORKLOADS as _TABLES
from workloads.weights import initial_weights, named_weights

__all__ = [
    "BETA_1",
    "BETA_2",
    "CLASSES",
    "EPSILON",
    "LEARNING_RATE",
    "MOMENTUM",
    "NORM_EPSILON",
    "WORKLOADS",
    "Array",
    "Chunks",
    "Input",
    "Workload",
    "arrays",
    "data",
    "initial_weights",
    "is_statistic",
    "named_weights",
    "scaling",
    "workload",
]

# The seven that the targets are set on come first.
_FIRST = ("mlp-tiny", "mlp", "cnn", "resnet", "lstm", "embedding-lstm", "transformer")
_ALL = {each.name: each for each in (*_DENSE, *_CONVOLUTIONAL, *_RECURRENT, *_ATTENTION, *_IMAGES, *_TABLES)}
WORKLOADS = {name: _ALL[name] for name in (*_FIRST, *(name for name in _ALL if name not in _FIRST))}


def workload(name: str) -> Workload:
    """The workload of that name, or for a name such as "depth-8" a point of a scaling line.

    Raises KeyError for a name that is neither.
    """
    if name in WORKLOADS:
        return WORKLOADS[name]
    family, _, value = name.rpartition("-")
    if family in ("depth", "width", "batch") and value.isdigit() and int(value) > 0:
        return scaling(family, int(value))
    raise KeyError(f"no workload {name!r}; there are {', '.join(WORKLOADS)}, and depth-N, width-N and batch-N")

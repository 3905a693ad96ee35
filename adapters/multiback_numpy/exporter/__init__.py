"""Models as NumPy functions and source files: the forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback.graph.ir import Graph
from multiback.porting.imported import CannotRun, NativeModel
from multiback.porting.source import Source
from multiback.porting.source import write as write_text
from multiback.porting.source.running import Printed, run_source
from multiback.porting.source.unsupported import unsupported_ops
from multiback.porting.source.weight_files import nested_weights
from multiback_numpy.exporter.target import TARGET

__all__ = ["TARGET", "dump", "native", "unsupported"]


def dump(model: Any) -> Any:
    """The model as `(apply, params)`: the source that `to_source("numpy")` writes, run, with the model's weights.

    Arguments:
        model: Built.

    Raises:
        UnsupportedModel: if the model has ops that cannot be written.
    """
    source = write_text(model, TARGET)
    apply = run_source(source).apply
    apply.source = source.text
    return apply, nested_weights(source.arrays)


def native(result: Any, model: Any) -> NativeModel:
    """The result as a verification runs it."""
    return Printed(model, TARGET, dict, _Runner)


def unsupported(graph: Graph) -> list[str]:
    """The ops of a graph that cannot be written, once for each place where they stand."""
    return unsupported_ops(graph, TARGET)


class _Runner:
    """The function that a source defines, see `multiback.porting.source.running.Runner`."""

    def __init__(self, source: Source, arrays: Mapping[str, np.ndarray]) -> None:
        self.apply = run_source(source).apply
        self.params = nested_weights(arrays)

    def forward(self, arrays: Sequence[np.ndarray], training: bool) -> tuple[Any, dict[str, np.ndarray]]:
        if training:
            raise CannotRun("NumPy source has no form for training")
        with np.errstate(all="ignore"):
            return self.apply(self.params, *arrays), {}

    def gradients(self, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        raise CannotRun("NumPy has no gradients")

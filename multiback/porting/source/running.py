"""Printed source that is run: as a module, and as the native side of a verification."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from multiback.porting import structure
from multiback.porting.forward import ForwardGraph, forward_graph
from multiback.porting.source.file import Source, write
from multiback.porting.source.target import Target

_COUNT = itertools.count()


def run_source(source: Source) -> ModuleType:
    """The module that a source defines; its lines show in tracebacks, and `inspect` finds them."""
    name = f"multiback_exported_{next(_COUNT)}"
    filename = f"<{source.name} written by multiback, {name}>"
    module = ModuleType(name, source.text.partition("\n")[0].strip('"'))
    module.__file__ = filename
    linecache.cache[filename] = (len(source.text), None, source.text.splitlines(keepends=True), filename)
    exec(compile(source.text, filename, "exec"), module.__dict__)
    return module


class Runner(Protocol):
    """Printed source with weights, run by its framework on NumPy arrays; names are those of the source."""

    def forward(self, arrays: Sequence[np.ndarray], training: bool) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, nested as the model returns them, and the weights that the call changed."""

    def gradients(self, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs, by trained weight."""


class Printed:
    """The native side of a verification: printed source, also in float64. See `multiback.porting.imported.NativeModel`.

    Arguments:
        model: What was printed.
        target: How.
        weights: The weights as the exported model holds them now, by their names in the source.
        runner: Makes a `Runner` of a source and its weights.
    """

    def __init__(
        self,
        model: Any,
        target: Target,
        weights: Callable[[], Mapping[str, np.ndarray]],
        runner: Callable[[Source, Mapping[str, np.ndarray]], Runner],
    ) -> None:
        self._model = model
        self._target = target
        self._weights = weights
        self._runner = runner
        self._form: ForwardGraph = forward_graph(model, False)
        self._made: dict[bool, tuple[Source, Runner]] = {}

    def forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool, float64: bool
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the statistics that the call changed, by the model's names."""
        source, runner = self._side(float64)
        outputs, changed = runner.forward(self._arrays(args, kwargs, float64), training)
        return outputs, source.original(changed)

    def gradients(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, float64: bool) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs, by the model's names."""
        source, runner = self._side(float64)
        return source.original(runner.gradients(self._arrays(args, kwargs, float64)))

    def _side(self, float64: bool) -> tuple[Source, Runner]:
        if float64 not in self._made:
            source = write(self._model, self._target, float64=float64)
            weights = self._weights()
            arrays = {name: _precise(weights.get(name, array), float64) for name, array in source.arrays.items()}
            self._made[float64] = source, self._runner(source, arrays)
        return self._made[float64]

    def _arrays(self, args: Any, kwargs: Any, float64: bool) -> list[np.ndarray]:
        form = self._form
        given = structure.taken({"tuple": [form.args, form.kwargs]}, (args, dict(kwargs)))
        arrays = (np.asarray(given[i], v.dtype.numpy) for i, v in enumerate(form.graph.arguments))
        return [_precise(array, float64) for array in arrays]


def _precise(array: np.ndarray, float64: bool) -> np.ndarray:
    return array.astype(np.float64) if float64 and array.dtype.kind not in "biuc" else array

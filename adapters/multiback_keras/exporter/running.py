"""Keras source that is run: as the model that is handed out, and for its verification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback.porting.imported import CannotRun
from multiback.porting.source import Source
from multiback.porting.source.running import Printed, run_source
from multiback.porting.source.weight_files import variable_of
from multiback_keras.importer.native import SINGLE, gradients_of


def made(source: Source, arrays: Mapping[str, np.ndarray]) -> Any:
    """The Keras model that a source defines, with these arrays as weights."""
    model = getattr(run_source(source), source.name)()
    for name, variable in named_variables(model, arrays).items():
        variable.assign(arrays[name])
    return model


def named_variables(model: Any, names: Any) -> dict[str, Any]:
    """The variables of a model by names such as `blocks.0.kernel`."""
    return {name: variable_of(model, name) for name in names}


class Runner:
    """Keras source on NumPy arrays; see `multiback.porting.source.running.Runner`."""

    def __init__(self, source: Source, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = dict(arrays)
        self.model = made(source, arrays)
        self.variables = named_variables(self.model, arrays)

    def forward(self, arrays: Sequence[np.ndarray], training: bool) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the weights that the call changed; the model stays as it was."""
        from keras import ops

        outputs = self.model(self._given(arrays), training=training)
        changed = {}
        for name, variable in self.variables.items():
            new = np.array(ops.convert_to_numpy(variable.value))
            if not np.array_equal(new, self.arrays[name], equal_nan=True):
                changed[name] = new
                variable.assign(self.arrays[name])
        from multiback import tree

        return tree.map(lambda y: np.array(ops.convert_to_numpy(y)), outputs), changed

    def gradients(self, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs, by trained weight."""
        trained = {name: v for name, v in self.variables.items() if v.trainable and "float" in str(v.dtype)}
        return dict(zip(trained, gradients_of(self.model, list(trained.values()), (self._given(arrays),), {})))

    def _given(self, arrays: Sequence[np.ndarray]) -> Any:
        from keras import ops

        tensors = [ops.convert_to_tensor(a) for a in arrays]
        return tensors[0] if len(tensors) == 1 else tensors


class PrintedKeras(Printed):
    """The native side of a verification, in the model's own precision."""

    def forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool, float64: bool
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """See `NativeModel`."""
        if float64:
            raise CannotRun(SINGLE)
        return super().forward(args, kwargs, training=training, float64=float64)

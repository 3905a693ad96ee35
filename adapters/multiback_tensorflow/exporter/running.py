"""Printed TensorFlow source with weights, run on NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from multiback import tree
from multiback.porting.source.file import Source
from multiback.porting.source.running import run_source
from multiback.porting.source.weight_files import variable_of


class Runner:
    """A model made from source, see `multiback.porting.source.running.Runner`."""

    def __init__(self, source: Source, arrays: Mapping[str, np.ndarray]) -> None:
        self.source = source
        self.arrays = arrays
        self.model = made(source, arrays)

    def forward(self, arrays: Sequence[np.ndarray], training: bool) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the weights that the call changed."""
        outputs = self.model(*map(tf.constant, arrays), training=training)
        changed = {}
        for name, variable in variables(self.model, self.source).items():
            array = variable.numpy()
            if not np.array_equal(array, self.arrays[name], equal_nan=array.dtype.kind == "f"):
                changed[name] = array
                variable.assign(self.arrays[name])
        return tree.map(lambda x: x.numpy(), outputs), changed

    def gradients(self, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs."""
        wanted = {n: v for n, v in variables(self.model, self.source).items() if v.trainable}
        with tf.GradientTape() as tape:
            outputs = [y for y in tree.leaves(self.model(*map(tf.constant, arrays))) if y.dtype.is_floating]
            half = tf.add_n([tf.reduce_sum(y * y) for y in outputs]) / 2
        found = tape.gradient(half, list(wanted.values()), unconnected_gradients=tf.UnconnectedGradients.ZERO)
        for name, variable in variables(self.model, self.source).items():
            if not variable.trainable:
                variable.assign(self.arrays[name])
        return {name: tf.convert_to_tensor(g).numpy() for name, g in zip(wanted, found)}


def made(source: Source, arrays: Mapping[str, np.ndarray]) -> Any:
    """The model that a source defines, with weights."""
    module = run_source(source)
    model = getattr(module, source.name)()
    module.set_weights(model, arrays)
    return model


def variables(model: Any, source: Source) -> dict[str, tf.Variable]:
    """The variables of a model by their names in the source."""
    return {name: variable_of(model, name) for name in source.arrays}

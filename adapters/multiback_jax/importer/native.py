"""The original, run by JAX itself, for the verification of a port."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from multiback.porting.imported import CannotRun
from multiback_jax.importer.inputs import Inputs
from multiback_jax.importer.program import Program
from multiback_jax.importer.tracing import plain_tree


class JaxModel:
    """A program as JAX computes it; see `multiback.porting.NativeModel`."""

    def __init__(self, program: Program, inputs: Inputs, draws: bool) -> None:
        self.program = program
        self.inputs = inputs
        self.draws = draws

    def forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool, float64: bool
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the statistics that a call in training changed."""
        if training and self.draws:
            raise CannotRun("its training form draws random numbers of its own")
        with jax.enable_x64(True) if float64 else _as_it_is():
            weights, arrays = self._given(args, kwargs, float64)
            outputs, changed = jax.jit(lambda w, a: self._run(w, a, training))(weights, arrays)
            leaves, structure = jax.tree_util.tree_flatten(outputs)
            found = plain_tree(structure, [np.asarray(x) for x in leaves])
            return found, {name: np.asarray(x) for name, x in changed.items()}

    def gradients(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, float64: bool) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs, in the form for inference."""
        names = [w.name for w in self.program.weights if w.trainable]
        with jax.enable_x64(True) if float64 else _as_it_is():
            weights, arrays = self._given(args, kwargs, float64)

            def loss(trained: dict[str, Any]) -> Any:
                outputs, _ = self._run({**weights, **trained}, arrays, False)
                leaves = [x for x in jax.tree_util.tree_leaves(outputs) if jax.numpy.issubdtype(x.dtype, np.floating)]
                return sum(0.5 * jax.numpy.sum(x * x) for x in leaves)

            found = jax.jit(jax.grad(loss))({name: weights[name] for name in names})
            return {name: np.asarray(x) for name, x in found.items()}

    def _run(self, weights: Any, arrays: Any, training: bool) -> Any:
        args, kwargs = self.inputs.filled(arrays)
        return self.program.run(weights, jax.random.key(0), training, args, kwargs)

    def _given(self, args: Any, kwargs: Any, float64: bool) -> tuple[dict[str, Any], list[Any]]:
        weights = {w.name: _widened(w.array, float64) for w in self.program.weights}
        return weights, [_widened(x, float64) for x in self.inputs.taken(args, kwargs)]


def _widened(x: Any, float64: bool) -> Any:
    array = np.asarray(x)
    wide = float64 and jax.numpy.issubdtype(array.dtype, np.floating)
    return jax.numpy.asarray(array.astype(np.float64) if wide else array)


def _as_it_is() -> Any:
    return jax.enable_x64(bool(jax.config.jax_enable_x64))

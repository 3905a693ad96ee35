"""The original, run by JAX itself, for the verification of a port."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np

from multiback import dtypes
from multiback.graph.ir import Spec
from multiback.porting.imported import CannotRun
from multiback_jax.importer import widened
from multiback_jax.importer.inputs import Inputs
from multiback_jax.importer.program import Program
from multiback_jax.importer.tracing import plain_tree, traced


class JaxModel:
    """A program as JAX computes it; see `multiback.porting.NativeModel`.

    Arguments:
        program: The original.
        inputs: Its arguments, by example.
        draws: Whether its training form takes a random key.
    """

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
            run = self._widened(training, weights, arrays) if float64 else partial(self._run, training=training)
            outputs, changed = jax.jit(run)(weights, arrays)
            leaves, structure = jax.tree_util.tree_flatten(outputs)
            found = plain_tree(structure, [np.asarray(x) for x in leaves])
            return found, {name: np.asarray(x) for name, x in changed.items()}

    def gradients(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, float64: bool) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs, in the form for inference."""
        names = [w.name for w in self.program.weights if w.trainable]
        with jax.enable_x64(True) if float64 else _as_it_is():
            weights, arrays = self._given(args, kwargs, float64)
            run = self._widened(False, weights, arrays) if float64 else partial(self._run, training=False)

            def loss(trained: dict[str, Any]) -> Any:
                outputs, _ = run({**weights, **trained}, arrays)
                leaves = [x for x in jax.tree_util.tree_leaves(outputs) if jax.numpy.issubdtype(x.dtype, np.floating)]
                return sum(0.5 * jax.numpy.sum(x * x) for x in leaves)

            found = jax.jit(jax.grad(loss))({name: weights[name] for name in names})
            return {name: np.asarray(x) for name, x in found.items()}

    def _run(self, weights: Any, arrays: Any, training: bool) -> Any:
        args, kwargs = self.inputs.filled(arrays)
        return self.program.run(weights, jax.random.key(0), training, args, kwargs)

    def _widened(self, training: bool, weights: dict[str, Any], arrays: list[Any]) -> Any:
        """The program's own equations, in float64."""
        own = [Spec(w.array.shape, dtypes.as_dtype(w.array.dtype)) for w in self.program.weights]
        given = [Spec(x.shape, spec.dtype) for x, spec in zip(arrays, self.inputs.specs)]
        with jax.enable_x64(any(s.dtype in ("float64", "int64", "uint64", "complex128") for s in [*own, *given])):
            found = traced(self.program, self.inputs, training, own, given)
        words = np.zeros(2, np.uint32)

        def run(weights: dict[str, Any], arrays: list[Any]) -> Any:
            values = [weights[w.name] for w in self.program.weights]
            results = widened.run(found.jaxpr, [*values, words, *arrays], found.numbers)
            count = len(results) - len(found.changed)
            outputs = jax.tree_util.tree_unflatten(found.structure, results[:count])
            return outputs, dict(zip(found.changed, results[count:]))

        return run

    def _given(self, args: Any, kwargs: Any, float64: bool) -> tuple[dict[str, Any], list[Any]]:
        weights = {w.name: _widened(w.array, float64) for w in self.program.weights}
        return weights, [_widened(x, float64) for x in self.inputs.taken(args, kwargs)]


def _widened(x: Any, float64: bool) -> Any:
    array = np.asarray(x)
    wide = float64 and jax.numpy.issubdtype(array.dtype, np.floating)
    return jax.numpy.asarray(array.astype(np.float64) if wide else array)


def _as_it_is() -> Any:
    return jax.enable_x64(bool(jax.config.values["jax_enable_x64"]))

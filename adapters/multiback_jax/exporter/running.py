"""Printed JAX source with weights, run on NumPy arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from multiback.porting.source.file import Source
from multiback.porting.source.running import run_source
from multiback.porting.source.weight_files import nested_weights


class Runner:
    """The function that a source defines, see `multiback.porting.source.running.Runner`."""

    def __init__(self, source: Source, arrays: Mapping[str, np.ndarray]) -> None:
        self.source = source
        self.arrays = arrays
        self.apply = run_source(source).apply

    def forward(self, arrays: Sequence[np.ndarray], training: bool) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the state that the call changed."""
        with self._precision(arrays):
            params = parameters(self.arrays)
            inputs = map(jnp.asarray, arrays)
            run = jax.jit(self.apply, static_argnames="training")
            result = run(params, *inputs, training=training, key=jax.random.key(0))
            outputs, state = result if training else (result, {})
            found = {f"state.{name}": np.asarray(array) for name, array in named(state).items()}
            changed = {n: a for n, a in found.items() if not np.array_equal(a, self.arrays[n], equal_nan=True)}
            return jax.tree.map(np.asarray, outputs), changed

    def gradients(self, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs."""
        with self._precision(arrays):
            params = parameters(self.arrays)
            state = params.pop("state", None)
            inputs = list(map(jnp.asarray, arrays))

            def half_square(weights: Any) -> Any:
                whole = weights if state is None else {**weights, "state": state}
                leaves = jax.tree.leaves(self.apply(whole, *inputs, key=jax.random.key(0)))
                return sum(jnp.sum(y * y) for y in leaves if jnp.issubdtype(y.dtype, jnp.floating)) / 2

            found = named(jax.jit(jax.grad(half_square))(params))
            return {name: np.asarray(g) for name, g in found.items()}

    def _precision(self, arrays: Sequence[np.ndarray]) -> contextlib.AbstractContextManager[Any]:
        wide = any(a.dtype.itemsize == 8 for a in (*arrays, *self.arrays.values()))
        return jax.enable_x64(True) if wide else contextlib.nullcontext()


def parameters(arrays: Mapping[str, np.ndarray]) -> Any:
    """The nested dicts that `apply` takes."""
    return jax.tree.map(jnp.asarray, nested_weights(arrays))


def named(tree: Any, path: str = "") -> dict[str, Any]:
    """The leaves of nested dicts and lists by their paths."""
    if isinstance(tree, dict | list):
        items = tree.items() if isinstance(tree, dict) else enumerate(tree)
        return {n: x for key, inner in items for n, x in named(inner, f"{path}.{key}" if path else str(key)).items()}
    return {path: tree}

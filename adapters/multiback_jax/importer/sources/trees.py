"""Trees of arrays by path."""

from __future__ import annotations

import re
from typing import Any

import jax
import numpy as np

from multiback.errors import PortError
from multiback.porting.imported import Weight


def is_array(x: Any) -> bool:
    """Whether a leaf is an array, not a number, a string or a function."""
    return isinstance(x, jax.Array | np.ndarray)


def path_name(path: tuple[Any, ...]) -> str:
    """The keys of a path as names separated by slashes."""
    parts: list[str] = []
    for key in path:
        part = next((str(getattr(key, a)) for a in ("key", "name", "idx") if hasattr(key, a)), str(key))
        parts.extend(re.sub(r"[^A-Za-z0-9_.~-]+", "_", p) for p in part.split("/"))
    return "/".join(p for p in parts if p) or "array"


def as_numpy(x: Any) -> np.ndarray:
    """The array as NumPy sees it, without a copy where it lies in this machine's memory."""
    if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
        x = jax.random.key_data(x)
    return np.asarray(x)


class Arrays:
    """The arrays of a tree by name, and how to put others in their place.

    Attributes:
        weights: Name and array of each; those of `frozen` are not trained, nor are integers.
    """

    def __init__(self, tree: Any, prefix: str = "", *, trainable: bool = True) -> None:
        found, self._structure = jax.tree_util.tree_flatten_with_path(tree)
        self._names: list[str | None] = []
        self._leaves = [leaf for _, leaf in found]
        self.weights: list[Weight] = []
        for path, leaf in found:
            if not is_array(leaf):
                self._names.append(None)
                continue
            name = "/".join(p for p in (prefix, path_name(path)) if p)
            if any(w.name == name for w in self.weights):
                raise PortError(f"Two arrays of the parameters have one name, {name!r}.")
            array = as_numpy(leaf)
            self._names.append(name)
            floats = jax.numpy.issubdtype(array.dtype, np.floating)
            self.weights.append(Weight(name, array, trainable=trainable and bool(floats)))

    def filled(self, values: Any) -> Any:
        """The tree with arrays by name."""
        leaves = []
        for name, leaf in zip(self._names, self._leaves):
            if name is None:
                leaves.append(leaf)
            elif jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
                leaves.append(jax.random.wrap_key_data(values[name]))
            else:
                leaves.append(values[name])
        return jax.tree_util.tree_unflatten(self._structure, leaves)

    def taken(self, tree: Any) -> dict[str, Any]:
        """The arrays of another tree of this structure, by name.

        Raises:
            PortError: if the structure is another one.
        """
        leaves, structure = jax.tree_util.tree_flatten(tree)
        if len(leaves) != len(self._leaves):
            raise PortError(f"The model gave back a state of another structure: {structure}, not {self._structure}.")
        return {name: leaf for name, leaf in zip(self._names, leaves) if name is not None}

"""The example inputs: which leaves are arrays, which axis is the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from multiback import dtypes
from multiback.errors import PortError
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec

_BATCH = "batch"


@dataclass(frozen=True)
class _Mark:
    """Where an array stands in the arguments.

    Attributes:
        index: Among the arrays.
        key: Whether it is a typed random key, of which the words come in.
    """

    index: int
    key: bool


class Inputs:
    """The arguments of a model, by example.

    Attributes:
        args, kwargs: The arguments with a `Spec` in place of each array, whose batch is symbolic.
        specs: The same specs, in order.
        fixed: As `specs`, with the example's batch size.
    """

    def __init__(self, example: Any, dynamic_batch: bool, batch_axes: Any = None) -> None:
        self.example_args, self.example_kwargs = _split(example)
        self.fixed: list[Spec] = []
        self.arrays: list[Any] = []
        self._args = tuple(self._marked(x, f"input {i}") for i, x in enumerate(self.example_args))
        self._kwargs = {k: self._marked(x, repr(k)) for k, x in self.example_kwargs.items()}
        self.specs = list(self.fixed)
        if dynamic_batch:
            self._name_batch(batch_axes)

    def _marked(self, x: Any, where: str) -> Any:
        if isinstance(x, Mapping):
            return {k: self._marked(v, where) for k, v in x.items()}
        if isinstance(x, list | tuple):
            parts = [self._marked(v, where) for v in x]
            return parts if isinstance(x, list) else tuple(parts)
        if isinstance(x, jax.ShapeDtypeStruct | jax.Array | np.ndarray | np.generic):
            key = jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key)
            spec = Spec((*x.shape, 2), dtypes.uint32) if key else Spec(tuple(x.shape), _dtype(x.dtype))
            self.fixed.append(spec)
            self.arrays.append(x)
            return _Mark(len(self.fixed) - 1, key)
        if any(isinstance(leaf, jax.Array | np.ndarray) for leaf in jax.tree_util.tree_leaves(x)):
            raise PortError(
                f"{where} of the example is a {type(x).__name__} that holds arrays. Nest arrays in dicts, lists and "
                "tuples."
            )
        return x

    def _name_batch(self, axes: Any) -> None:
        batch = Dim.named(_BATCH)
        if axes is not None:
            if len(axes) != len(self.fixed):
                raise PortError(f"batch_axes needs one entry for each of {len(self.fixed)} arrays, got {len(axes)}.")
            chosen = list(axes)
        else:
            leading = [s.shape[0] for s in self.fixed if _may_have_batch(s)]
            chosen = [0 if _may_have_batch(s) and s.shape[0] == leading[0] else None for s in self.fixed]
        for i, axis in enumerate(chosen):
            if axis is not None:
                spec = self.fixed[i]
                shape = tuple(batch if a == axis % len(spec.shape) else n for a, n in enumerate(spec.shape))
                self.specs[i] = Spec(shape, spec.dtype)

    def fix_batch(self) -> None:
        """Keeps the example's batch size."""
        self.specs = list(self.fixed)

    @property
    def symbolic(self) -> bool:
        """Whether a size is symbolic."""
        return self.specs != self.fixed

    @property
    def args(self) -> tuple[Any, ...]:
        return _with(self._args, self.specs, wrap=False)

    @property
    def kwargs(self) -> dict[str, Any]:
        return _with(self._kwargs, self.specs, wrap=False)

    def filled(self, arrays: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with arrays of JAX in their places."""
        return _with(self._args, arrays, wrap=True), _with(self._kwargs, arrays, wrap=True)

    def taken(self, args: Any, kwargs: Any) -> list[Any]:
        """The arrays of a call."""
        found: dict[int, Any] = {}
        _collect(self._args, args, found)
        _collect(self._kwargs, kwargs, found)
        return [found[i] for i in range(len(self.fixed))]


def _split(example: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(example, tuple):
        return example, {}
    if isinstance(example, Mapping):
        return (), {str(k): v for k, v in example.items()}
    return tuple(example) if isinstance(example, list) else (example,), {}


def _may_have_batch(spec: Spec) -> bool:
    """Whether the first axis may be the batch; two unsigned words are a random key."""
    return bool(spec.shape) and not (spec.dtype == "uint32" and spec.shape[-1:] == (2,))


def _dtype(dtype: Any) -> dtypes.DType:
    """The dtype that JAX gives to arrays from outside."""
    return dtypes.as_dtype(jax.dtypes.canonicalize_dtype(dtype))


def _with(tree: Any, arrays: Sequence[Any], *, wrap: bool) -> Any:
    if isinstance(tree, _Mark):
        x = arrays[tree.index]
        return jax.random.wrap_key_data(x) if tree.key and wrap else x
    if isinstance(tree, Mapping):
        return {k: _with(v, arrays, wrap=wrap) for k, v in tree.items()}
    if isinstance(tree, list | tuple):
        parts = [_with(v, arrays, wrap=wrap) for v in tree]
        return parts if isinstance(tree, list) else tuple(parts)
    return tree


def _collect(tree: Any, values: Any, found: dict[int, Any]) -> None:
    if isinstance(tree, _Mark):
        found[tree.index] = values
    elif isinstance(tree, Mapping):
        for k, v in tree.items():
            _collect(v, values[k], found)
    elif isinstance(tree, list | tuple):
        for v, x in zip(tree, values, strict=True):
            _collect(v, x, found)

"""Traces a program of JAX: a jaxpr for given shapes and dtypes, with a symbolic batch."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from multiback import dtypes
from multiback.errors import PortError
from multiback.graph.ir import Spec
from multiback_jax.importer.inputs import Inputs
from multiback_jax.importer.literals import Numbers, meant_numbers
from multiback_jax.importer.liveness import living
from multiback_jax.importer.program import Program
from multiback_jax.importer.sizes import symbolic_arguments

_WIDE = ("float64", "int64", "uint64", "complex128")


@dataclass(frozen=True)
class Traced:
    """A program for given shapes and dtypes.

    Attributes:
        jaxpr: Takes the weights, the words of a key, the arrays of the call; returns results, then new weights.
        structure: Of the results.
        changed: The names of the new weights.
        used: Whether each argument of the jaxpr matters.
        numbers: Numbers of the program before rounding, see `literals.py`.
    """

    jaxpr: Any
    structure: Any
    changed: tuple[str, ...]
    used: tuple[bool, ...]
    numbers: Numbers


def width(specs: Sequence[Spec]) -> contextlib.AbstractContextManager[Any]:
    """JAX's 64-bit mode if one of these needs it, else the mode it is in."""
    return jax.enable_x64(True) if any(s.dtype in _WIDE for s in specs) else contextlib.nullcontext()


def traced(program: Program, inputs: Inputs, training: bool, weights: Sequence[Spec], arrays: Sequence[Spec]) -> Traced:
    """The jaxpr of a form of the program for weights and arrays of these shapes and dtypes."""
    jaxpr, structure, changed = _jaxpr(program, inputs, training, weights, arrays)
    needed = living(jaxpr.jaxpr)[1]
    numbers: Numbers = {}
    if any(s.dtype.is_float and s.dtype.bits < 64 for s in [*weights, *arrays]):
        try:
            wide = _jaxpr(program, inputs, training, *([_widened(s) for s in part] for part in (weights, arrays)))[0]
            numbers = meant_numbers(jaxpr, wide)
        except Exception:  # A program that asks for float32 cannot be traced in float64; its numbers stay as they are.
            numbers = {}
    used = tuple(id(v) in needed for v in jaxpr.jaxpr.invars)
    return Traced(jaxpr, structure, changed, used, numbers)


def _widened(spec: Spec) -> Spec:
    return Spec(spec.shape, dtypes.float64) if spec.dtype.is_float else spec


def _jaxpr(
    program: Program, inputs: Inputs, training: bool, weights: Sequence[Spec], arrays: Sequence[Spec]
) -> tuple[Any, Any, tuple[str, ...]]:
    names = [w.name for w in program.weights]
    found: dict[str, Any] = {}

    def flat(weights: Sequence[Any], words: Any, arrays: Sequence[Any]) -> list[Any]:
        args, kwargs = inputs.filled(arrays)
        key = jax.random.wrap_key_data(words)
        results, changed = program.run(dict(zip(names, weights)), key, training, args, kwargs)
        leaves, found["structure"] = jax.tree_util.tree_flatten(results)
        found["changed"] = tuple(changed)
        return [_data(x) for x in [*leaves, *changed.values()]]

    with width([*weights, *arrays]):
        given = symbolic_arguments([*weights, *arrays])
        count = len(weights)
        words = jax.ShapeDtypeStruct((2,), np.uint32)
        jaxpr = jax.make_jaxpr(flat)(given[:count], words, given[count:])
    return jaxpr, found["structure"], found["changed"]


def _data(x: Any) -> Any:
    """A result as an array: keys as their words."""
    x = jax.numpy.asarray(x) if not hasattr(x, "dtype") else x
    return jax.random.key_data(x) if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key) else x


def plain_tree(structure: Any, leaves: Sequence[Any]) -> Any:
    """Results in dicts, lists and tuples; other containers become dicts by the names of their parts."""
    return _plain(jax.tree_util.tree_unflatten(structure, [_Leaf(x) for x in leaves]))


@dataclass(frozen=True)
class _Leaf:
    value: Any


def _plain(tree: Any) -> Any:
    if isinstance(tree, _Leaf):
        return tree.value
    if tree is None:
        return None
    if isinstance(tree, Mapping):
        return {str(k): _plain(v) for k, v in tree.items()}
    if isinstance(tree, list):
        return [_plain(v) for v in tree]
    if isinstance(tree, tuple):
        return tuple(_plain(v) for v in tree)
    found, _ = jax.tree_util.tree_flatten_with_path(tree, is_leaf=lambda x: x is not tree)
    named = {}
    for path, part in found:
        key = path[-1]
        named[str(next(getattr(key, a) for a in ("name", "key", "idx") if hasattr(key, a)))] = _plain(part)
    if not named:
        raise PortError(f"The model returns {type(tree).__name__}, which is no tree of arrays.")
    return named

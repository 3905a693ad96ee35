"""The original, as the verification of a port runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback.porting.imported import CannotRun
from multiback_tensorflow.importer.opening import Opened, is_array, leaves, mapped


class TensorFlowModel:
    """Runs concrete functions; what a call changes is put back afterwards.

    Arguments:
        opened: The concrete functions.
        variables: All variables by name.
    """

    def __init__(self, opened: Opened, variables: dict[str, Any]) -> None:
        self._opened = opened
        self._variables = variables

    def forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool, float64: bool
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the statistics that a call in training changed; see `NativeModel`."""
        before = {name: v.numpy() for name, v in self._variables.items()}
        try:
            outputs = self._called(args, kwargs, training, float64)
            after = {name: v.numpy() for name, v in self._variables.items()}
        finally:
            for name, variable in self._variables.items():
                variable.assign(before[name])
        changed = {n: a for n, a in after.items() if not np.array_equal(a, before[n], equal_nan=a.dtype.kind == "f")}
        return mapped(lambda x: x.numpy(), outputs), changed if training else {}

    def gradients(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, float64: bool) -> dict[str, np.ndarray]:
        """The gradients of half the sum of squares of all float outputs; see `NativeModel`."""
        import tensorflow as tf

        names = [n for n, v in self._variables.items() if v.trainable and v.dtype.is_floating]
        watched = [self._variables[n] for n in names]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            outputs = [y for y in leaves(self._called(args, kwargs, False, float64)) if is_array(y)]
            total = sum(0.5 * tf.reduce_sum(tf.square(y)) for y in outputs if y.dtype.is_floating)
        found = tape.gradient(total, watched, unconnected_gradients="zero")
        return {name: tf.convert_to_tensor(g).numpy() for name, g in zip(names, found)}

    def _called(self, args: tuple[Any, ...], kwargs: dict[str, Any], training: bool, float64: bool) -> Any:
        import tensorflow as tf

        if training not in self._opened.forms:
            raise CannotRun("the original has no form for training")
        concrete = self._opened.forms[training]
        if float64 and any(tf.as_dtype(t.dtype) == tf.float32 for t in _floats(concrete)):
            raise CannotRun("the original computes in float32, and a TensorFlow graph cannot be widened")
        wanted = [x for x in leaves((self._opened.args, self._opened.kwargs)) if is_array(x)]
        given = [x for x in leaves((args, kwargs)) if is_array(x)]
        tensors = [tf.convert_to_tensor(np.asarray(x), spec.dtype) for x, spec in zip(given, wanted, strict=True)]
        return call_flat(concrete, tensors)


def _floats(concrete: Any) -> Sequence[Any]:
    return [t for t in [*concrete.inputs, *concrete.outputs] if t.dtype.is_floating]


def call_flat(concrete: Any, tensors: Sequence[Any]) -> Any:
    """Calls a concrete function on its arrays in order, whatever their nesting."""
    args, kwargs = concrete.structured_input_signature
    iterator = iter(tensors)
    filled: dict[int, Any] = {}
    counter = iter(range(len(tensors)))
    ordered: Callable[[Any], Any] = lambda x: filled.setdefault(next(counter), next(iterator))  # noqa: E731
    args = _filled(args, ordered)
    kwargs = _filled(kwargs, ordered)
    return concrete(*args, **kwargs)


def _filled(tree: Any, take: Callable[[Any], Any]) -> Any:
    """The tree with its arrays replaced in TensorFlow's order."""
    if isinstance(tree, dict):
        done = {key: _filled(tree[key], take) for key in sorted(tree)}
        return {key: done[key] for key in tree}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(_filled(item, take) for item in tree))
    if isinstance(tree, list | tuple):
        return type(tree)(_filled(item, take) for item in tree)
    return take(tree) if is_array(tree) else tree

"""Looks into TensorFlow's own callables: all float tensors of the graph that tracing one makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from multiback.backends.probe import Intermediate, Probe, Script, line_outside, mentions

_WEIGHTS = ("ReadVariableOp", "Const", "Placeholder")


class TensorFlowProbe(Probe):
    """Looks into modules and functions of TensorFlow."""

    script = Script(
        "import tensorflow as tf",
        array="tf.cast({x}, {dtype})",
        state="tf.Variable({x})",
        host="np.asarray({x}, np.float64)",
        function="tf.function({f}, autograph=False)",
    )

    def owns(self, function: Any) -> bool:
        return isinstance(function, tf.Module) or mentions(function, ["tensorflow"])

    def call(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [y.numpy() for y in tf.nest.flatten(function(*map(tf.constant, arrays)))]

    def gradients(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        inputs = [tf.constant(a) for a in arrays]
        wrt = [x for x in inputs if x.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(wrt)
            leaves = tf.nest.flatten(function(*inputs))
            total = sum(tf.reduce_sum(y * y) for y in leaves if y.dtype.is_floating) / 2
        found = tape.gradient(total, wrt, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [tf.convert_to_tensor(g).numpy() for g in found]

    def intermediates(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[Intermediate]:
        inputs = [tf.constant(a) for a in arrays]
        body = getattr(function, "python_function", function)
        seen: list[Any] = []

        def everything(*given: Any) -> list[Any]:
            body(*given)
            graph = tf.compat.v1.get_default_graph()
            seen[:] = [y for op in graph.get_operations() for y in op.outputs if _is_value(y)]
            return list(seen)

        traced = tf.function(everything, autograph=False).get_concrete_function(
            *(tf.TensorSpec(x.shape, x.dtype) for x in inputs)
        )
        arrays = [y.numpy() for y in traced(*inputs)]
        number = {y.ref(): i for i, y in enumerate(seen)}
        number.update({y.ref(): -1 - i for i, y in enumerate(traced.inputs[: len(inputs)])})
        return [
            Intermediate(
                y.op.name, a, line_outside(("tensorflow", "keras", "multiback_tensorflow"), _frames(y.op)),
                _parents(y.op, number), y.op.type,
            )
            for y, a in zip(seen, arrays)
        ]  # fmt: skip


def _is_value(y: Any) -> bool:
    return y.dtype.is_floating and y.op.type not in _WEIGHTS


def _parents(op: Any, number: dict[Any, int]) -> tuple[int, ...]:
    """The intermediates that an operation reads, tensors that are none of them looked through."""
    found: dict[int, None] = {}
    for x in op.inputs:
        if x.ref() in number:
            found[number[x.ref()]] = None
        else:
            found.update(dict.fromkeys(_parents(x.op, number)))
    return tuple(found)


def _frames(op: Any) -> Iterator[tuple[str, int]]:
    for frame in reversed(op.traceback or ()):
        yield frame.filename, frame.lineno

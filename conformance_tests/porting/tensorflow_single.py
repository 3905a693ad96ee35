"""A module that holds one TensorFlow op, with trainable arrays on its way, so that its gradients are compared too."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_cases import OpCase


class SingleOp(tf.Module):
    """Calls one op on its argument, multiplied by a variable, and on variables.

    Arguments:
        case: Which op, on what.
    """

    def __init__(self, case: OpCase) -> None:
        super().__init__(name=case.op)
        self.case = case
        self.held: list[Any] = []
        self.first: int | None = None
        self.scale = None
        for i, x in enumerate(_flat(case.inputs)):
            if not isinstance(x, np.ndarray | np.generic) or np.asarray(x).size == 0:
                self.held.append(tf.constant(x) if isinstance(x, np.ndarray) else tf.constant(x, tf.int32))
            elif self.first is None and np.ndim(x):
                self.first = i
                self.held.append(None)
                if case.gradient and x.dtype.kind == "f":
                    self.scale = tf.Variable(np.ones((), x.dtype), name="scale")
            elif x.dtype.kind == "f" and case.gradient and np.ndim(x):
                self.held.append(tf.Variable(x, name=f"input_{i}"))
            else:
                self.held.append(tf.constant(x))

    def __call__(self, x: Any) -> Any:
        values = list(self.held)
        values[self.first] = x if self.scale is None else x * self.scale
        function = getattr(tf.raw_ops, self.case.op)
        names = [n for n in inspect.signature(function).parameters if n not in (*self.case.attributes, "name")]
        nested = _nested(self.case.inputs, iter(values))
        found = function(**dict(zip(names, nested)), **self.case.attributes)
        if not isinstance(found, list | tuple):
            return found
        return tuple(found)[: self.case.outputs]


def model_of(case: OpCase) -> tuple[SingleOp, tuple[Any, ...]]:
    """The module, and what it is called on."""
    module = SingleOp(case)
    return module, (list(_flat(case.inputs))[module.first],)  # type: ignore[index]


def _flat(inputs: Any) -> Any:
    for x in inputs:
        if isinstance(x, list) and x and isinstance(x[0], np.ndarray):
            yield from x
        else:
            yield x


def _nested(inputs: Any, values: Any) -> list[Any]:
    return [
        [next(values) for _ in x] if isinstance(x, list) and x and isinstance(x[0], np.ndarray) else next(values)
        for x in inputs
    ]

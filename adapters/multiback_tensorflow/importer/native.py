"""The original, as the verification of a port runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback.porting.imported import CannotRun
from multiback_tensorflow.importer.form import Form
from multiback_tensorflow.importer.opening import Opened, is_array, leaves, mapped
from multiback_tensorflow.importer.wide import Wide


class TensorFlowModel:
    """Runs concrete functions; what a call changes is put back afterwards.

    In float64 the nodes of the graph run one by one, by TensorFlow's own kernels for float64.

    Arguments:
        opened: Where the functions come from, with what they are called on.
        forms: The functions for each value of `training`.
        variables: All variables by name.
    """

    def __init__(self, opened: Opened, forms: Mapping[bool, Form], variables: dict[str, Any]) -> None:
        self._opened = opened
        self._forms = forms
        self._variables = variables

    def forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool, float64: bool
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the statistics that a call in training changed; see `NativeModel`."""
        form = self._form(training)
        if float64:
            wide = Wide(self._variables)
            outputs = form.nested(wide.run(form, form.ordered(*self._tensors(args, kwargs, True))))
            return _arrays(outputs), wide.changed() if training else {}
        before = {name: v.numpy() for name, v in self._variables.items()}
        try:
            outputs = self._called(form, training, *self._tensors(args, kwargs, False))
            after = {name: v.numpy() for name, v in self._variables.items()}
        finally:
            for name, variable in self._variables.items():
                if name in before:
                    variable.assign(before[name])
        changed = {n: a for n, a in after.items() if a.tobytes() != before[n].tobytes()}
        return _arrays(outputs), changed if training else {}

    def gradients(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, float64: bool) -> dict[str, np.ndarray]:
        """The gradients of half the sum of squares of all float outputs; see `NativeModel`."""
        import tensorflow as tf

        form = self._form(False)
        names = [n for n, v in self._variables.items() if v.trainable and v.dtype.is_floating]
        wide = Wide(self._variables) if float64 else None
        watched = [(wide.variables if wide else self._variables)[n] for n in names]
        tensors = self._tensors(args, kwargs, float64)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            if wide:
                found = form.nested(wide.run(form, form.ordered(*tensors)))
            else:
                found = self._called(form, False, *tensors)
            outputs = [y for y in leaves(mapped(lambda x: x, found)) if is_array(y) and y.dtype.is_floating]
            total = tf.add_n([0.5 * tf.reduce_sum(tf.square(tf.cast(y, tf.float64))) for y in outputs])
        gradients = tape.gradient(total, watched, unconnected_gradients="zero")
        return {name: tf.convert_to_tensor(g).numpy() for name, g in zip(names, gradients)}

    def _form(self, training: bool) -> Form:
        if training not in self._forms:
            raise CannotRun("the original has no form for training")
        return self._forms[training]

    def _called(self, form: Form, training: bool, args: Any, kwargs: Any) -> Any:
        """What TensorFlow makes of the arguments as they are given."""
        more = {"training": training} if self._opened.takes_training else {}
        return form.concrete(*args, **{**kwargs, **more})

    def _tensors(self, args: tuple[Any, ...], kwargs: dict[str, Any], float64: bool) -> tuple[Any, Any]:
        """The arguments with tensors of the dtypes of the signature, floats in float64 if asked."""
        import tensorflow as tf

        specs = iter([x for x in leaves((self._opened.args, self._opened.kwargs)) if is_array(x)])

        def tensor(x: Any, spec: Any) -> Any:
            wide = float64 and spec.dtype.is_floating
            return tf.convert_to_tensor(np.asarray(x), tf.float64 if wide else spec.dtype)

        done = {id(x): tensor(x, next(specs)) for x in leaves((args, kwargs)) if is_array(x)}
        return mapped(lambda x: done[id(x)], args), mapped(lambda x: done[id(x)], kwargs)


def _arrays(outputs: Any) -> Any:
    return mapped(lambda x: x.numpy() if hasattr(x, "numpy") else np.asarray(x), outputs)

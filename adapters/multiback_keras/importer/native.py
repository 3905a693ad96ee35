"""A live Keras model as the verification of a port runs it, on whichever backend Keras has."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import tree
from multiback.backends import registry
from multiback.porting import structure
from multiback.porting.forward import forward_graph
from multiback.porting.imported import CannotRun

SINGLE = "Keras 3 computes parts of a float64 model, such as batch normalization, in float32"


class KerasNative:
    """Runs a Keras model and names its weights as the imported model does.

    Arguments:
        theirs: The Keras model.
        model: What it became here, or came from: its weights are in the same order.
    """

    def __init__(self, theirs: Any, model: Any) -> None:
        from keras import backend

        self.theirs = theirs
        self.backend = backend.backend()
        self.results = forward_graph(model).results
        prefix = f"{model.name}/"
        self.names = {id(k): v.path.removeprefix(prefix) for k, v in zip(theirs.weights, model.weights)}

    def forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool, float64: bool
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the statistics that a call in training changed; the model itself stays as it was.

        Raises:
            CannotRun: for float64.
        """
        if float64:
            raise CannotRun(SINGLE)
        from keras import ops

        before = [np.array(ops.convert_to_numpy(v.value)) for v in self.theirs.variables]
        try:
            outputs = self.theirs(*self._tensors(args), **self._tensors(kwargs), training=training)
            changed = {}
            for variable, old in zip(self.theirs.variables, before):
                new = np.array(ops.convert_to_numpy(variable.value))
                if id(variable) in self.names and not np.array_equal(new, old, equal_nan=True):
                    changed[self.names[id(variable)]] = new
            # By their places, as Keras puts dicts into the order of their keys.
            found = structure.taken(self.results, outputs)
            return tuple(np.array(ops.convert_to_numpy(found[i])) for i in sorted(found)), changed
        finally:
            for variable, old in zip(self.theirs.variables, before):
                variable.assign(old)

    def gradients(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, float64: bool) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs in the eval form, by trainable weight.

        Raises:
            CannotRun: for float64, or on a Keras backend that has no gradients.
        """
        if float64:
            raise CannotRun(SINGLE)
        variables = list(self.theirs.trainable_variables)
        found = gradients_of(self.theirs, variables, self._tensors(args), self._tensors(kwargs))
        return {self.names[id(v)]: g for v, g in zip(variables, found)}

    def _tensors(self, given: Any) -> Any:
        from keras import ops

        return tree.map(lambda x: ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x, given)


def gradients_of(model: Any, variables: list[Any], args: Any, kwargs: Any) -> list[np.ndarray]:
    """The gradients of half the sum of the squares of all float outputs, outside of training.

    Raises:
        CannotRun: on a Keras backend that has no gradients.
    """
    from keras import backend, ops

    if (name := backend.backend()) not in registry.available_backends():
        raise CannotRun(f"Keras has no gradients on its backend {name!r}")
    adapter = registry.get_adapter(name)
    trained = list(model.trainable_variables)
    fixed = [ops.convert_to_tensor(v.value) for v in model.non_trainable_variables]

    def total(*values: Any) -> Any:
        return _half_squares(model.stateless_call(list(values), fixed, *args, **kwargs, training=False)[0]), ()

    _, gradients = adapter.value_and_grad(total, [ops.convert_to_tensor(v.value) for v in trained])
    found = {id(v): g for v, g in zip(trained, gradients)}
    return [np.array(ops.convert_to_numpy(found[id(v)])) for v in variables]


def _half_squares(outputs: Any) -> Any:
    from keras import ops

    floats = [y for y in tree.leaves(outputs) if "float" in str(y.dtype)]
    return 0.5 * sum(ops.sum(ops.square(y)) for y in floats)

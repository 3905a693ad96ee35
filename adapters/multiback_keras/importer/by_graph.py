"""Keras models with layers of a person's own: imported as what they compute on the backend that Keras has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback.errors import PortError
from multiback.porting.imported import Imported
from multiback.porting.porter import get_porter


def load_graph(model: Any, example_inputs: Any, reason: str) -> Imported:
    """What a live Keras model computes in inference, with its variables as weights.

    Arguments:
        model: Built.
        example_inputs: What it is called on; None: arrays of the shapes that a functional model states.
        reason: Why it is not imported layer by layer, for the notes.

    Raises:
        PortError: if it does not say what it is called on.
    """
    from keras import backend

    name = backend.backend()
    examples = _examples(model) if example_inputs is None else example_inputs
    importer = get_porter(name).module("importer")
    load = _LOADERS.get(name, _load_callable)
    found: Imported = load(importer, model, examples)
    found.name = model.name
    found.forms = (False,)
    found.notes.append(f"{reason}; the model is what it computes in inference on Keras's backend {name!r}")
    return found


def _load_stateless(importer: Any, model: Any, examples: Any) -> Imported:
    """By the functional form of a model, where variables hold no state of their own."""
    variables = list(model.variables)
    names = _names(variables)
    trained = {id(v) for v in model.trainable_variables}
    params = {name: v.value for name, v in zip(names, variables)}

    def apply(params: Any, *inputs: Any) -> Any:
        values = {id(v): params[name] for name, v in zip(names, variables)}
        given = [[values[id(v)] for v in part] for part in (model.trainable_variables, model.non_trainable_variables)]
        return model.stateless_call(*given, *inputs, training=False)[0]

    found = importer.load(apply, examples, params=params, training_argument=False)
    frozen = {name for name, v in zip(names, variables) if id(v) not in trained}
    for weight in found.weights:
        weight.trainable = weight.trainable and weight.name not in frozen
    return found


def _load_module(importer: Any, model: Any, examples: Any) -> Imported:
    """By the framework's own module, which a model is there."""
    return importer.load(model, examples)


def _load_callable(importer: Any, model: Any, examples: Any) -> Imported:
    """By a plain call."""
    return importer.load(lambda *inputs: model(*inputs, training=False), examples)


_LOADERS: dict[str, Callable[[Any, Any, Any], Imported]] = {"jax": _load_stateless, "torch": _load_module}


def _names(variables: list[Any]) -> list[str]:
    """A name for each variable: its path, with a number where that occurs again."""
    names: list[str] = []
    for variable in variables:
        path, n = variable.path, 1
        while path in names:
            n += 1
            path = f"{variable.path}_{n}"
        names.append(path)
    return names


def _examples(model: Any) -> tuple[Any, ...]:
    try:
        tensors = list(model.inputs)
    except (AttributeError, ValueError, TypeError):
        tensors = []
    if not tensors:
        raise PortError(f"Keras model {model.name!r} does not say what it is called on: pass example_inputs.")
    random = np.random.default_rng(0)
    arrays = []
    for tensor in tensors:
        shape = tuple(2 if n is None else n for n in tensor.shape)
        kind = np.dtype(str(tensor.dtype))
        arrays.append(random.standard_normal(shape).astype(kind) if kind.kind == "f" else np.zeros(shape, kind))
    return tuple(arrays)

"""Copies of models with layers and weights of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from multiback import tree
from multiback.errors import ArgumentError
from multiback.layers._symbolic import KerasTensor
from multiback.layers.core.input_layer import Input, InputLayer
from multiback.models.functional import Functional
from multiback.models.functional_config import made_of_tensors
from multiback.models.sequential import Sequential
from multiback.saving.registry import custom_object_scope, deserialize, serialize_with_sharing, shared_objects


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """A model with the same layers, made anew, hence with new weights; compiled as the model is.

    Arguments:
        model: Functional, sequential, or subclassed with a configuration.
        input_tensors: Symbolic tensors to build a functional or sequential copy on, nested as the model's inputs.
        clone_function: Takes a layer and returns the one to use in its place; default: one with the same configuration.
        call_function: Takes a layer and the arguments of a call, and returns the outputs; for functional models.
        recursive: Whether models inside are taken apart too, instead of being given to `clone_function`.

    Raises:
        ArgumentError: for arguments that do not fit this kind of model.

    Example:
        >>> student = clone_model(teacher)
    """
    return _cloned(model, input_tensors, _Cloner(clone_function, call_function, recursive))


class _Cloner:
    """Makes the layers of a copy, each once."""

    def __init__(self, clone: Callable[[Any], Any] | None, call: Callable[..., Any] | None, recursive: bool) -> None:
        self.clone, self.call, self.recursive = clone, call, recursive
        self.made: dict[Any, Any] = {}

    def layer(self, layer: Any) -> Any:
        if layer not in self.made:
            inner = self.recursive and isinstance(layer, Functional | Sequential)
            made = _cloned(layer, None, self) if inner else self.clone(layer) if self.clone else _copy(layer)
            self.made[layer] = made
        return self.made[layer]


def _copy(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


def _cloned(model: Any, input_tensors: Any, cloner: _Cloner) -> Any:
    copied: Any
    if isinstance(model, Sequential):
        copied = _sequential(model, input_tensors, cloner)
    elif isinstance(model, Functional) and (made_of_tensors(type(model)) or cloner.clone or input_tensors is not None):
        copied = _functional(model, input_tensors, cloner)
    elif cloner.clone or cloner.call or input_tensors is not None:
        raise ArgumentError(
            f"{type(model).__name__} {model.name!r} is subclassed: its layers are known to itself only. "
            "Call clone_model(model) without further arguments."
        )
    else:
        with custom_object_scope({type(model).__name__: type(model)}), shared_objects():
            config = {k: v for k, v in serialize_with_sharing(model).items() if k != "compile_config"}
            copied = deserialize(config)
    if compiled := model.get_compile_config():
        copied.compile_from_config(compiled)
    return copied


def _sequential(model: Sequential, input_tensors: Any, cloner: _Cloner) -> Sequential:
    if cloner.call is not None and not cloner.recursive:
        raise ArgumentError(f"Sequential {model.name!r} makes no calls; call_function is for functional models.")
    layers = [cloner.layer(layer) for layer in model.layers]
    tensors = tree.leaves(input_tensors) if input_tensors is not None else []
    if len(tensors) > 1:
        raise ArgumentError(f"Sequential {model.name!r} has one input, got {len(tensors)} input_tensors.")
    given = model._input
    first = [Input(tensor=tensors[0])] if tensors else [_same_input(given)] if given is not None else []
    return type(model)([*first, *layers], name=model.name, trainable=model._trainable)


def _same_input(x: KerasTensor) -> KerasTensor:
    layer = x.node.layer if x.node is not None and not x.node.inputs else None
    return Input(batch_shape=x.shape, dtype=x.dtype, name=layer.name if isinstance(layer, InputLayer) else None)


def _functional(model: Functional, input_tensors: Any, cloner: _Cloner) -> Functional:
    given = model.inputs
    tensors: Sequence[KerasTensor] = [_same_input(x) for x in given]
    if input_tensors is not None:
        tensors = tree.leaves(input_tensors)
        if len(tensors) != len(given) or not all(isinstance(x, KerasTensor) for x in tensors):
            raise ArgumentError(f"Model {model.name!r} has {len(given)} inputs; input_tensors must be as many.")
    known: dict[KerasTensor, KerasTensor] = dict(zip(given, tensors))
    for node in model._nodes:
        call = (node.arguments, node.keywords)
        args, kwargs = tree.map(lambda x: known[x] if isinstance(x, KerasTensor) else x, call)
        layer = cloner.layer(node.layer)
        outputs = cloner.call(layer, *args, **kwargs) if cloner.call else layer(*args, **kwargs)
        known.update(zip(tree.leaves(node.outputs), tree.leaves(outputs)))
    inputs, outputs = tree.map(lambda x: known[x], (model._inputs_struct, model._outputs_struct))
    config: Mapping[str, Any] = {"name": model.name, "trainable": model._trainable}
    return type(model)(inputs, outputs, **config)

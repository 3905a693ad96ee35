"""Models made by calling layers on symbolic tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multiback import tree
from multiback.errors import ArgumentError, ShapeError, closest
from multiback.layers._layer import Layer
from multiback.layers._masks import get_mask, set_mask
from multiback.layers._symbolic import KerasTensor, Node, public_shape
from multiback.models._layer_order import ordered_layers
from multiback.models.functional_config import functional_config, made_of_tensors, recorded_arguments
from multiback.models.model import Model
from multiback.saving.registry import deserialize, file_under


@file_under("keras.src.models.functional")
class Functional(Model):
    """The model between symbolic inputs and outputs; `Model(inputs, outputs)` makes one.

    Arguments:
        inputs, outputs: Symbolic tensors, alone or in lists, tuples or dicts.
        name: Of the model.
        trainable: Whether training updates its weights.

    Raises:
        ArgumentError: if an input does not come from `Input`, outputs do not depend on the inputs, or two layers share
            a name.
    """

    def __init__(
        self, inputs: Any = None, outputs: Any = None, name: str | None = None, trainable: bool = True, **kwargs: Any
    ) -> None:
        for x in tree.leaves((inputs, outputs)):
            if not isinstance(x, KerasTensor):
                raise ArgumentError(
                    f"Model(inputs, outputs) takes symbolic tensors, got {type(x).__name__}. "
                    "Start from multiback.Input()."
                )
        super().__init__(name=name, trainable=trainable, **kwargs)
        self._inputs_struct = inputs
        self._outputs_struct = outputs
        self._nodes = _sorted_nodes(tree.leaves(outputs), tree.leaves(inputs), self.name)
        self._model_layers = ordered_layers(tree.leaves(inputs), tree.leaves(outputs))
        names: dict[str, Layer] = {}
        for layer in self._model_layers:
            if names.setdefault(layer.name, layer) is not layer:
                raise ArgumentError(
                    f"Two layers of model {self.name!r} are named {layer.name!r}. Give one another name."
                )
        self.supports_masking = True
        self.autocast = False
        self.built = True

    @property
    def layers(self) -> list[Layer]:
        """The layers, inputs first, in the order in which data flows."""
        return list(self._model_layers)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs."""
        return tree.leaves(self._inputs_struct)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs."""
        return tree.leaves(self._outputs_struct)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return [x.node.layer.name if x.node else str(x.name) for x in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs: the keys of a dict of them, otherwise the layers that give them."""
        if isinstance(self._outputs_struct, Mapping) and len(self._outputs_struct) == len(self.outputs):
            return sorted(self._outputs_struct)
        return [x.node.layer.name for x in self.outputs if x.node]

    @property
    def input(self) -> Any:
        return self._inputs_struct

    @property
    def output(self) -> Any:
        return self._outputs_struct

    @property
    def input_shape(self) -> Any:
        """The shapes of the inputs."""
        return tree.map(lambda x: x.shape, self._inputs_struct)

    @property
    def output_shape(self) -> Any:
        """The shapes of the outputs."""
        return tree.map(lambda x: x.shape, self._outputs_struct)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        values = self._matched(inputs)
        if mask is not None:
            for x, m in zip(values, tree.leaves(mask)):
                if m is not None and get_mask(x) is None:
                    set_mask(x, m)
        known: dict[KerasTensor, Any] = dict(zip(self.inputs, values))
        for node in self._nodes:
            args, kwargs = tree.map(
                lambda x: known[x] if isinstance(x, KerasTensor) else x, (node.arguments, node.keywords)
            )
            if node.layer._call_takes_training and "training" not in kwargs:
                kwargs = {**kwargs, "training": training}
            outputs = node.layer(*args, **kwargs)
            known.update(zip(tree.flatten_results(node.outputs)[0], tree.flatten_results(outputs)[0]))
        return tree.map(lambda x: known[x], self._outputs_struct)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None

    def get_config(self) -> dict[str, Any]:
        if made_of_tensors(type(self)):
            return functional_config(self)
        return {**super().get_config(), **recorded_arguments(self)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        if "input_layers" not in config:
            config = {k: deserialize(v, custom_objects) for k, v in config.items()}
        return super().from_config(config, custom_objects)

    def _matched(self, inputs: Any) -> list[Any]:
        """The arrays for the model's inputs, in their order.

        Raises:
            ShapeError: if inputs are missing or extra, or an array has the wrong rank or sizes.
        """
        names = self.input_names
        if isinstance(inputs, Mapping) and not isinstance(self._inputs_struct, Mapping):
            given = [inputs.get(n) for n in names]
            _check_names(self.name, names, inputs)
        elif isinstance(inputs, Mapping):
            keys = list(self._inputs_struct)
            _check_names(self.name, keys, inputs)
            given = tree.leaves({k: inputs[k] for k in keys})
        else:
            given = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
            given = tree.leaves(given)
        if len(given) != len(names):
            raise ShapeError(f"Model {self.name!r} has {len(names)} inputs ({', '.join(names)}), got {len(given)}.")
        return [_fitted(name, want, x) for name, want, x in zip(names, self.inputs, given)]


def _check_names(model: str, names: Sequence[str], given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in names:
            raise ShapeError(
                f"Model {model!r} has no input {name!r}.{closest(name, names)} Its inputs: {', '.join(names)}."
            )
    if missing := [n for n in names if n not in given]:
        raise ShapeError(f"Model {model!r} lacks the input {', '.join(map(repr, missing))}.")


def _fitted(name: str, want: KerasTensor, x: Any) -> Any:
    from multiback.dtypes import as_dtype
    from multiback.graph.op import OPS

    got, expected = public_shape(x.shape), want.shape
    if len(got) == len(expected) - 1 and expected[-1] == 1:
        x, got = OPS["expand_dims"](x, -1), (*got, 1)
    elif len(got) == len(expected) + 1 and got[-1] == 1:
        x, got = OPS["squeeze"](x, -1), got[:-1]
    bad = len(got) != len(expected)
    if bad or any(a is not None and b is not None and a != b for a, b in zip(expected, got)):
        raise ShapeError(f"Input {name!r} expects shape {expected}, got {got}.")
    kind = as_dtype(x.dtype)
    if kind != want.dtype and not (kind.is_float and want.dtype.is_float):
        mask = get_mask(x)
        x = OPS["cast"](x, want.dtype)
        set_mask(x, mask)
    return x


def _sorted_nodes(outputs: Sequence[KerasTensor], inputs: Sequence[KerasTensor], name: str) -> list[Node]:
    """The calls between inputs and outputs, each after those it needs."""
    order: list[Node] = []
    done: set[int] = set()
    given = set(inputs)
    stack: list[tuple[Node, bool]] = []
    for x in outputs:
        if x not in given:
            stack.append((_maker(x, name), False))
        while stack:
            node, ready = stack.pop()
            if id(node) in done:
                continue
            if ready:
                done.add(id(node))
                order.append(node)
                continue
            stack.append((node, True))
            stack += [(_maker(i, name), False) for i in reversed(node.inputs) if i not in given]
    return order


def _maker(x: KerasTensor, name: str | None) -> Node:
    if x.node is None or not (x.node.arguments or x.node.keywords):
        label = x.node.layer.name if x.node else x.name
        raise ArgumentError(f"The outputs of model {name!r} depend on {label!r}, which is not among its inputs.")
    return x.node

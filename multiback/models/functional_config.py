"""Functional models as configurations in Keras's form, and back."""

from __future__ import annotations

import inspect
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from multiback import tree
from multiback.errors import SavingError
from multiback.layers._names import checked_name
from multiback.layers._operation import Operation
from multiback.layers._symbolic import KerasTensor, Node
from multiback.models._keras_ops import is_keras_op, read_op, write_op
from multiback.saving.registry import custom_object_scope, deserialize, serialize, shared_objects

_TENSOR = "__keras_tensor__"


def functional_config(model: Any) -> dict[str, Any]:
    """The configuration of a functional model: its layers, each with its calls, and where inputs and outputs are."""
    return _Writer(model).config()


def functional_from_config(
    cls: type, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """The functional model, of class `cls`, that a configuration describes.

    Raises:
        SavingError: if the configuration is malformed, or its layers are not connected.
    """
    config = dict(config)
    parts = {key: config.pop(key) for key in ("layers", "input_layers", "output_layers")}
    with custom_object_scope(custom_objects or {}), shared_objects():
        reader = _Reader(parts["layers"])
        return cls(
            inputs=reader.tensors(parts["input_layers"]), outputs=reader.tensors(parts["output_layers"]), **config
        )


class _Writer:
    def __init__(self, model: Any) -> None:
        self.model = model
        self.kept = {id(node) for node in model._nodes}
        self.kept |= {id(x.node) for x in model.inputs if x.node is not None and not x.node.inputs}
        # Tensors from the middle of another model are inputs by a name of their own.
        self.entries = {x: f"{x.node.layer.name}_{x.index}_input" for x in model.inputs if x.node and x.node.inputs}

    def config(self) -> dict[str, Any]:
        model = self.model
        layers = [self._entry(x, name) for x, name in self.entries.items()]
        return {
            "name": model.name,
            "trainable": model.trainable,
            "layers": layers + [self._layer(layer) for layer in model.layers],
            "input_layers": _map(self._place, model._inputs_struct),
            "output_layers": _map(self._place, model._outputs_struct),
        }

    def _entry(self, x: KerasTensor, name: str) -> dict[str, Any]:
        config = {"batch_shape": list(x.shape), "dtype": str(x.dtype), "sparse": False, "ragged": False, "name": name,
                  "optional": False}  # fmt: skip
        return {"module": "keras.layers", "class_name": "InputLayer", "config": config, "registered_name": None,
                "name": name, "inbound_nodes": []}  # fmt: skip

    def _layer(self, layer: Any) -> dict[str, Any]:
        nodes = [node for node in layer._inbound_nodes if id(node) in self.kept]
        if isinstance(layer, Operation) and len(nodes) == 1 and (found := self._op(layer, nodes[0])):
            return found
        calls = [self._call(node) for node in nodes if node.inputs]
        return {**serialize(layer), "name": layer.name, "inbound_nodes": calls}

    def _call(self, node: Node) -> dict[str, Any]:
        call = {"args": self._encode(list(node.arguments)), "kwargs": self._encode(node.keywords)}
        # Keras writes its default for training into every call, which then means nothing; ours is what a person gave.
        return {**call, "training_given": True} if node.keywords.get("training") is not None else call

    def _op(self, layer: Operation, node: Node) -> dict[str, Any] | None:
        given = node.arguments[0]
        tensors = iter(given if isinstance(given, list | tuple) else [given])

        def fill(slot: Any) -> Any:
            if isinstance(slot, list | tuple):
                return [fill(s) for s in slot]
            return self._encode(next(tensors) if slot == "tensor" else slot["value"])

        operands = {n: fill(slot) for n, slot in zip(layer.op.operands, layer.template)}
        attributes = {n: serialize(value) for n, value in layer.attributes.items()}
        arguments = {n: operands[n] if n in operands else attributes[n] for n in layer.op.parameters}
        found = write_op(layer.op.name, arguments, _holds_tensor)
        if found is None:
            return None
        args = found.pop("args")
        config = {"name": layer.name, **found.pop("config")}
        return {**found, "config": config, "registered_name": found["class_name"], "name": layer.name,
                "inbound_nodes": [{"args": args, "kwargs": {}}]}  # fmt: skip

    def _encode(self, value: Any) -> Any:
        if isinstance(value, KerasTensor):
            config = {"shape": list(value.shape), "dtype": str(value.dtype), "keras_history": self._history(value)}
            return {"class_name": _TENSOR, "config": config}
        if isinstance(value, list | tuple):
            return [self._encode(v) for v in value]
        if isinstance(value, Mapping):
            return {k: self._encode(v) for k, v in value.items()}
        return serialize(value)

    def _history(self, x: KerasTensor) -> list[Any]:
        if x in self.entries:
            return [self.entries[x], 0, 0]
        assert x.node is not None
        nodes = [node for node in x.node.layer._inbound_nodes if id(node) in self.kept]
        return [x.node.layer.name, next(i for i, node in enumerate(nodes) if node is x.node), x.index]

    def _place(self, x: KerasTensor) -> list[Any]:
        name, node, index = self._history(x)
        # Here, and only here, Keras counts a functional model's own graph as its first call.
        return [name, node + (x not in self.entries and _is_functional(x.node.layer)), index]  # type: ignore[union-attr]


class _Reader:
    """Makes the layers, and calls them as soon as what they are called on exists."""

    def __init__(self, layers: Any) -> None:
        if not isinstance(layers, list):
            raise SavingError("The configuration of a functional model has no list of layers. Use an undamaged copy.")
        self.made: dict[str, Any] = {}
        self.outputs: dict[tuple[str, int], list[Any]] = {}
        self.calls: dict[str, list[Any]] = {}
        self.done: Counter[str] = Counter()
        self.waiting: dict[tuple[str, int], list[str]] = defaultdict(list)
        for entry in layers:
            self._make(entry)
        for name in self.made:
            self._advance(name)
        if stuck := [name for name, calls in self.calls.items() if len(calls) > self.done[name]]:
            raise SavingError(f"The layers {', '.join(stuck[:5])} are called on tensors that no layer gives.")

    def _make(self, entry: Any) -> None:
        try:
            name, calls = checked_name(entry["name"], "A layer"), entry["inbound_nodes"]
        except (TypeError, KeyError) as error:
            raise SavingError(f"A layer in the configuration lacks {error}. Use an undamaged copy.") from error
        if name in self.made:
            raise SavingError(f"Two layers in the configuration are named {name!r}. Use an undamaged copy.")
        if is_keras_op(entry):
            made: Any = read_op(entry)
        else:
            # Calls build the layers, in the model's own scope.
            made = deserialize({k: v for k, v in entry.items() if k not in ("name", "inbound_nodes", "build_config")})
        if not isinstance(calls, list) or not callable(made):
            raise SavingError(f"The configuration of layer {name!r} is malformed. Use an undamaged copy.")
        self.made[name], self.calls[name] = made, calls
        if not calls and hasattr(made, "_inbound_nodes"):
            self.outputs.update({(name, i): tree.leaves(n.outputs) for i, n in enumerate(made._inbound_nodes)})

    def _advance(self, name: str) -> None:
        """Calls this layer, and those that waited for it, as often as their arguments exist."""
        ready = [name]
        while ready:
            name = ready.pop()
            while (i := self.done[name]) < len(self.calls[name]):
                call = self.calls[name][i]
                missing = next((p for p in _places(call, name) if p not in self.outputs), None)
                if missing is not None:
                    self.waiting[missing].append(name)
                    break
                self.outputs[name, i] = self._call(name, call)
                self.done[name] += 1
                ready += self.waiting.pop((name, i), ())

    def _call(self, name: str, call: Mapping[str, Any]) -> list[Any]:
        args, kwargs = self._decode(call.get("args", [])), self._decode(call.get("kwargs", {}))
        if not call.get("training_given"):
            kwargs.pop("training", None)
        made = self.made[name]
        outputs = tree.leaves(made(*args, **kwargs))
        if not hasattr(made, "_inbound_nodes") and len(self.calls[name]) == 1:
            outputs[0].node.layer.name = name
        return outputs

    def _decode(self, value: Any) -> Any:
        if isinstance(value, Mapping) and value.get("class_name") == _TENSOR:
            return self._tensor(value["config"]["keras_history"])
        if isinstance(value, list):
            return [self._decode(v) for v in value]
        if isinstance(value, Mapping) and "class_name" not in value:
            return {k: self._decode(v) for k, v in value.items()}
        return deserialize(value)

    def _tensor(self, history: Any) -> KerasTensor:
        name, node, index = history
        found = self.outputs.get((name, node), [])
        if not isinstance(index, int) or not 0 <= index < len(found):
            raise SavingError(f"The configuration wants output {index} of call {node} of {name!r}, which is not there.")
        return found[index]

    def tensors(self, places: Any) -> Any:
        """The tensors at these places, nested as they are."""
        if isinstance(places, list) and [type(part) for part in places] == [str, int, int]:
            name, node, index = places
            return self._tensor([name, node - _is_functional(self.made.get(name)), index])
        if isinstance(places, Mapping):
            return {k: self.tensors(v) for k, v in places.items()}
        if isinstance(places, list | tuple):
            return [self.tensors(v) for v in places]
        raise SavingError(f"The configuration names {places!r} as input or output of the model. Use an undamaged copy.")


def made_of_tensors(cls: type) -> bool:
    """Whether a functional class is made as `cls(inputs, outputs)`, and not by arguments of its own."""
    parameters = inspect.signature(cls.__init__).parameters  # type: ignore[misc]
    return "inputs" in parameters or [p.kind.name for p in parameters.values()][1:] == ["VAR_POSITIONAL", "VAR_KEYWORD"]


def recorded_arguments(model: Any) -> dict[str, Any]:
    """The arguments that the constructor was called with, as a configuration."""
    return {k: serialize(v) for k, v in model.__dict__.get("_arguments", {}).items()}


def _is_functional(layer: Any) -> bool:
    from multiback.models.functional import Functional

    return isinstance(layer, Functional)


def _holds_tensor(encoded: Any) -> bool:
    if isinstance(encoded, Mapping):
        return encoded.get("class_name") == _TENSOR
    return isinstance(encoded, list | tuple) and any(_holds_tensor(x) for x in encoded)


def _places(call: Any, name: str) -> list[tuple[str, int]]:
    """Which outputs of which calls an encoded call is made on."""
    if not isinstance(call, Mapping):
        raise SavingError(f"The calls of layer {name!r} are in a form older than Keras 3. Save it again with Keras 3.")
    found: list[tuple[str, int]] = []
    stack: list[Any] = [call.get("args"), call.get("kwargs")]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping) and value.get("class_name") == _TENSOR:
            history = value.get("config", {}).get("keras_history")
            if not (isinstance(history, list) and [type(part) for part in history] == [str, int, int]):
                raise SavingError(f"A call of layer {name!r} is malformed. Use an undamaged copy.")
            found.append((history[0], history[1]))
        elif isinstance(value, Mapping):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
    return found


def _map(function: Callable[[Any], Any], value: Any) -> Any:
    """As `tree.map`, leaving dicts in their order."""
    if isinstance(value, Mapping):
        return {k: _map(function, v) for k, v in value.items()}
    return [_map(function, v) for v in value] if isinstance(value, list | tuple) else function(value)

"""Runs an ONNX graph on abstract values: each node by its handler, or by the function body that defines its op."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from multiback.errors import MultibackError, SavingError, UnsupportedModel
from multiback.graph.ir import Value
from multiback.porting import handlers as custom_handlers
from multiback.porting import host_values
from multiback.porting.scopes import module_scope
from multiback_onnx.importer import registry
from multiback_onnx.importer.attributes import attributes_of
from multiback_onnx.importer.functions import function_of, schema_of
from multiback_onnx.importer.node import Node

DEEPEST_CALL = 32
"""Functions that call functions."""


class Scope:
    """Values by name; names that are not here are looked up where the graph stands."""

    def __init__(self, values: Mapping[str, Any], outer: Scope | None = None) -> None:
        self.values = dict(values)
        self.outer = outer

    def __getitem__(self, name: str) -> Any:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.outer
        raise SavingError(f"The model uses the value {name!r} before anything defines it. The file is damaged.")

    def __setitem__(self, name: str, value: Any) -> None:
        self.values[name] = value


class Interpreter:
    """One recording of a model's program.

    Attributes:
        functions: The model's own functions, by (domain, name).
        opsets: Versions by domain.
        training: Whether the training form is recorded.
        key: Gives a random key per draw.
        variables: The weights, by name.
        notes: For the person who imports the model.
    """

    def __init__(
        self,
        *,
        functions: Mapping[tuple[str, str], Any],
        opsets: Mapping[str, int],
        folder: Path | None,
        training: bool,
        key: Callable[[], Any],
        variables: Mapping[str, Any],
        notes: list[str],
    ) -> None:
        self.functions = functions
        self.opsets = opsets
        self.folder = folder
        self.training = training
        self.key = key
        self.variables = variables
        self.notes = notes
        self._origins: dict[Value, tuple[str, ...]] = {}
        self._depth = 0

    def origins(self, x: Any) -> tuple[str, ...]:
        """Names of the model's inputs that a value depends on."""
        return self._origins.get(x, ()) if isinstance(x, Value) else ()

    def note(self, text: str) -> None:
        """Something that a person who uses the model should know."""
        if text not in self.notes:
            self.notes.append(text)

    def note_input(self, name: str, value: Any) -> None:
        """Remembers that a value is an input of the model."""
        if isinstance(value, Value):
            self._origins[value] = (name,)

    def graph(self, graph: Any, scope: Scope, constants: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
        """The outputs of a graph whose inputs are in `scope`."""
        for name, value in (self.initializers(graph) if constants is None else constants).items():
            scope.values.setdefault(name, value)
        self.nodes(graph.node, scope, self.opsets)
        return tuple(scope[output.name] for output in graph.output)

    def initializers(self, graph: Any) -> dict[str, Any]:
        """The constants of a graph inside a node."""
        from multiback_onnx.importer.files import array_of

        return {tensor.name: array_of(tensor, self.folder) for tensor in graph.initializer}

    def nodes(self, nodes: Sequence[Any], scope: Scope, opsets: Mapping[str, int], given: Any = None) -> None:
        """Runs nodes one after another; `given` holds the attributes of the function they are the body of."""
        for proto in nodes:
            node = self._node(proto, scope, opsets, given)
            values = [scope[name] if name else None for name in proto.input]
            results = self._apply(node, proto, values, opsets)
            origins = tuple(dict.fromkeys(name for value in values for name in self.origins(value)))
            for name, value in zip(proto.output, results, strict=False):
                if name:
                    scope[name] = value
                    if origins and isinstance(value, Value):
                        self._origins.setdefault(value, origins)

    def _node(self, proto: Any, scope: Scope, opsets: Mapping[str, int], given: Any) -> Node:
        domain = "" if proto.domain == "ai.onnx" else proto.domain
        return Node(
            op=proto.op_type,
            label=proto.name or (f"the node that computes {proto.output[0]!r}" if proto.output else "a node"),
            version=opsets.get(domain, opsets.get("", 1)),
            attributes=attributes_of(proto, given, self.folder),
            inputs=tuple(proto.input),
            outputs=tuple(proto.output),
            run=self,
            scope=scope,
        )

    def _apply(self, node: Node, proto: Any, values: list[Any], opsets: Mapping[str, int]) -> tuple[Any, ...]:
        handler = custom_handlers.custom("onnx").get(node.op)
        path = scope_path(proto.name)
        with module_scope(path):
            if handler is not None:
                result = handler(*(host_values.lift(x) for x in values), **node.attributes)
            else:
                own = (proto.domain, proto.op_type) in self.functions
                entry = None if own else registry.find(proto.domain, proto.op_type, node.version)
                result = NotImplemented if entry is None else self._handled(entry, node, values)
                if result is NotImplemented:
                    result = self._expanded(node, proto, values, opsets)
        return tuple(result) if isinstance(result, tuple) else (result,)

    def _handled(self, entry: registry.Entry, node: Node, values: list[Any]) -> Any:
        try:
            return entry.function(node, *values)
        except MultibackError as error:
            if isinstance(error, UnsupportedModel | SavingError) or getattr(error, "__notes__", None):
                raise
            error.add_note(f"While importing {node.label} (ONNX {node.op}).")
            raise
        except (TypeError, KeyError, IndexError, AttributeError, ValueError, ArithmeticError) as error:
            raise SavingError(
                f"{node.label} (ONNX {node.op}) does not have the operands and attributes that the op needs: "
                f"{type(error).__name__}: {error}. The file is damaged, or uses the op in a way that is not supported."
            ) from error

    def _expanded(self, node: Node, proto: Any, values: list[Any], opsets: Mapping[str, int]) -> tuple[Any, ...]:
        function = function_of(proto, node.version, [*values], self.functions)
        if function is None:
            raise node.refuse("there is no handler for this op, and no function body defines it.")
        if self._depth >= DEEPEST_CALL:
            raise SavingError(f"{node.label}: functions call each other more than {DEEPEST_CALL} deep.")
        inner = Scope(dict.fromkeys(function.input))
        for name, value in zip(function.input, values, strict=False):
            inner[name] = value
        versions = {**opsets, **{o.domain: o.version for o in function.opset_import}}
        self._depth += 1
        try:
            self.nodes(function.node, inner, versions, _given(function, proto, node))
        finally:
            self._depth -= 1
        wanted = [i < len(node.outputs) and bool(node.outputs[i]) for i in range(len(function.output))]
        return tuple(inner[name] if wants else None for name, wants in zip(function.output, wanted))


def _given(function: Any, proto: Any, node: Node) -> dict[str, Any]:
    """The attributes that the body of a function refers to: those of the node, and defaults."""
    found = {a.name: _converted(a) for a in function.attribute_proto}
    if (schema := schema_of(proto, node.version)) is not None:
        for name, attribute in schema.attributes.items():
            if attribute.default_value.type:
                found[name] = _converted(attribute.default_value)
    return {**found, **node.attributes}


def _converted(attribute: Any) -> Any:
    from multiback_onnx.importer.attributes import value_of

    return value_of(attribute, None)


def scope_path(name: str) -> str:
    """The path of modules in a node's name, as exporters write it: `/layer1/conv1/Conv` is in `layer1/conv1`."""
    parts = [part for part in name.replace(".", "/").split("/") if part]
    cleaned = ["".join(c if c.isalnum() or c in "_-" else "_" for c in part) for part in parts[:-1]]
    return "/".join(cleaned) if name.startswith("/") else ""


def lifted(values: Sequence[Any]) -> list[Any]:
    """Values as operands of ops."""
    return [host_values.lift(x) if isinstance(x, np.ndarray) else x for x in values]

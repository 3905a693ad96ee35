"""A TensorFlow function as plain data: nodes in an order that keeps to data and control dependencies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.errors import ArgumentError

MESSAGES = frozenset({"Assert", "PrintV2", "WriteSummary", "WriteScalarSummary", "WriteHistogramSummary"})
"""Ops that only tell something to a person: they, and what only they need, are left out."""

Edge = tuple[str, int]
"""The name of a node or an argument, and the number of its output."""


@dataclass(frozen=True)
class Node:
    """One op of a function.

    Attributes:
        name: Unique within its function, such as `encoder/dense/MatMul`.
        op: TensorFlow's name of the op, such as `MatMul`.
        inputs: Where its inputs come from.
        controls: Names of nodes that must have run before.
        attributes: Its attributes as Python values, those left out filled in.
        custom_gradient: Whether the program gives it a gradient of its own.
    """

    name: str
    op: str
    inputs: tuple[Edge, ...]
    controls: tuple[str, ...]
    attributes: dict[str, Any]
    custom_gradient: bool = False


@dataclass
class Function:
    """A function: arguments, nodes in order of execution, results.

    Attributes:
        name: In the library.
        arguments: Their names.
        nodes: Those that a result or a side effect needs.
        results: Where the results come from.
        library: The functions that it may call, by name.
    """

    name: str
    arguments: list[str]
    nodes: list[Node]
    results: list[Edge]
    library: Library = field(repr=False)
    by_name: dict[str, Node] = field(default_factory=dict, repr=False)

    def source(self, edge: Edge) -> Edge:
        """Where a value comes from, behind nodes that only hand it on."""
        while (node := self.by_name.get(edge[0])) is not None and node.op in ("Identity", "IdentityN"):
            edge = node.inputs[edge[1]]
        return edge

    def users(self, edge: Edge) -> Iterator[tuple[Node, int]]:
        """The nodes that take a value, and as which of their inputs; nodes that only hand it on are looked through."""
        for node in self.nodes:
            for position, taken in enumerate(node.inputs):
                if node.op not in ("Identity", "IdentityN") and self.source(taken) == edge:
                    yield node, position


class Library:
    """The functions of a graph, taken apart when they are first asked for."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = dict(definitions)
        self._functions: dict[str, Function] = {}

    def __getitem__(self, name: str) -> Function:
        if name not in self._functions:
            if name not in self._definitions:
                raise ArgumentError(f"The graph calls a function {name!r} that its library lacks; the file is damaged.")
            self._functions[name] = read_function(self._definitions[name], self)
        return self._functions[name]


def read_function(definition: Any, library: Library) -> Function:
    """A `FunctionDef` as a `Function`."""
    arguments = [a.name for a in definition.signature.input_arg]
    found = {n.name: n for n in definition.node_def}
    offsets = {name: _offsets(node) for name, node in found.items()}

    def edge(text: str) -> Edge:
        name, *rest = text.split(":")
        if not rest or name not in offsets:
            return name, 0
        if len(rest) == 1:
            return name, int(rest[0])
        return name, offsets[name][rest[0]] + int(rest[1])

    results = [edge(definition.ret[a.name]) for a in definition.signature.output_arg]
    roots = [name for name, _ in results] + list(definition.control_ret.values())
    nodes = [_node(found[name], edge) for name in _ordered(found, roots)]
    function = Function(definition.signature.name, arguments, nodes, results, library)
    function.by_name = {n.name: n for n in nodes}
    return function


def _ordered(found: Mapping[str, Any], roots: list[str]) -> list[str]:
    """The nodes that the roots need, each after what it needs; otherwise in the order of the file."""
    needed: set[str] = set()
    kept = {name: node for name, node in found.items() if node.op not in MESSAGES}
    waiting = [r for r in roots if r in kept]
    after = {name: [n for i in node.input if (n := _origin(i)) in kept] for name, node in kept.items()}
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += after[name]
    order: list[str] = []
    state: dict[str, int] = {}
    for start in (n for n in kept if n in needed):
        stack = [start]
        while stack:
            name = stack[-1]
            if state.get(name) == 2:
                stack.pop()
                continue
            pending = [p for p in after[name] if state.get(p) != 2]
            if not pending:
                state[name] = 2
                order.append(stack.pop())
            elif any(state.get(p) == 1 for p in pending):
                raise ArgumentError(f"The nodes of the graph form a circle at {name!r}; only acyclic graphs can run.")
            else:
                state[name] = 1
                stack += reversed(pending)
    return order


def _origin(text: str) -> str:
    """The name of the node or argument that an input comes from."""
    return text.removeprefix("^").partition(":")[0]


def _node(definition: Any, edge: Callable[[str], Edge]) -> Node:
    given = {name: _attribute(value) for name, value in definition.attr.items()}
    for attribute in definition_of(definition.op).attr:
        if attribute.name not in given and attribute.HasField("default_value"):
            given[attribute.name] = _attribute(attribute.default_value)
    return Node(
        definition.name,
        definition.op,
        tuple(edge(i) for i in definition.input if not i.startswith("^")),
        tuple(i[1:] for i in definition.input if i.startswith("^")),
        {k: v for k, v in given.items() if not k.startswith("_")},
        "_gradient_op_type" in given and definition.op not in ("PartitionedCall", "StatefulPartitionedCall"),
    )


def definition_of(op: str) -> Any:
    """TensorFlow's definition of an op: its inputs, outputs and attributes; an empty one for an unknown op."""
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(op)
    if definition is None:
        from tensorflow.core.framework.op_def_pb2 import OpDef

        return OpDef(name=op)
    return definition


def _offsets(node: Any) -> dict[str, int]:
    """The number of the first array of each output argument."""
    found, total = {}, 0
    for argument in definition_of(node.op).output_arg:
        found[argument.name] = total
        if argument.number_attr:
            total += node.attr[argument.number_attr].i
        elif argument.type_list_attr:
            total += len(node.attr[argument.type_list_attr].list.type)
        else:
            total += 1
    return found


def _attribute(value: Any) -> Any:
    """An `AttrValue` as a Python value: dtypes by name, shapes as tuples (None: not known), tensors as arrays."""
    kind = value.WhichOneof("value")
    if kind == "list":
        for part in ("s", "i", "f", "b", "type", "shape", "tensor", "func"):
            items = getattr(value.list, part)
            if len(items):
                return [_single(part, item) for item in items]
        return []
    return None if kind is None else _single(kind, getattr(value, kind))


def _single(kind: str, item: Any) -> Any:
    if kind == "type":
        return dtype_name(item)
    if kind == "s":
        return item.decode("utf-8", "replace")
    if kind == "shape":
        return None if item.unknown_rank else tuple(None if d.size < 0 else d.size for d in item.dim)
    if kind == "tensor":
        import tensorflow as tf

        return np.asarray(tf.make_ndarray(item))
    if kind == "func":
        return item.name
    return item


def dtype_name(number: int) -> str:
    """The name of a dtype given by TensorFlow's number, such as "float32"."""
    import tensorflow as tf

    return tf.dtypes.as_dtype(number).name


def library_of(graph: Any) -> Library:
    """The functions that a graph may call."""
    return Library({f.signature.name: f for f in graph.as_graph_def().library.function})

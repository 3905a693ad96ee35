"""From the forward pass of a model to an ONNX model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, helper

import multiback
from multiback.graph import gradient, passes
from multiback.graph.dims import Dim
from multiback.graph.ir import Equation, Graph, flat
from multiback.porting.unsupported import Inventory
from multiback_onnx.exporter.emitter import Call, Emitter, Shared, View, value_info
from multiback_onnx.exporter.tables import HANDLERS, kept

_OFF = ("sizes",)


@dataclass(frozen=True)
class Program:
    """What is exported: a graph, and names.

    Attributes:
        name: Of the model.
        graph: State inputs, then arguments; only its results are exported.
        weights: The state inputs' arrays by name, in order.
        outputs: A name for each result.
        metadata: Texts that the file carries.
    """

    name: str
    graph: Graph
    weights: Mapping[str, np.ndarray]
    outputs: Sequence[str]
    metadata: Mapping[str, str]


def build(program: Program, opset: int) -> ModelProto:
    """The ONNX model.

    Raises:
        UnsupportedModel: for ops and dtypes that ONNX does not have, all of them at once.
    """
    graph = prepared(program.graph, opset)
    remedy = "Leave these parts out of the model that is exported; nothing was written."
    lacking(graph).raise_if_any("onnx", program.name, remedy)
    shared = Shared(opset)
    # The names that a person knows come first, so that they stay as they are.
    names = [v.name or f"x{i}" for i, v in enumerate(graph.arguments)]
    shared.taken.update((*names, *program.outputs))
    emitter = Emitter(shared)
    inputs = []
    used = {x for e in graph.walk() for x in e.flat_inputs} | set(graph.outputs)
    for value, (name, array) in zip(graph.inputs[: graph.state], program.weights.items()):
        if value in used:
            emitter.views[value] = View(emitter.initializer(array, name))
    for value, name in zip(graph.arguments, names):
        emitter.views[value] = View(name)
        inputs.append(value_info(name, value.shape, value.dtype))
        for axis, size in enumerate(value.shape):
            if isinstance(size, Dim) and size.name:
                shared.sizes.setdefault(size.name, (name, axis))
    translate(emitter, graph)
    outputs = []
    emitter.scope = ""
    for x, name in zip(graph.outputs, program.outputs):
        emitter.nodes.append(
            helper.make_node("Identity", [emitter.name(x)], [name], name=emitter.unique(f"{name}/Identity"))
        )
        outputs.append(value_info(name, x.shape, x.dtype))
    _drop_identities(emitter, program.outputs)
    made = helper.make_graph(emitter.nodes, program.name, inputs, outputs, list(shared.initializers.values()))
    version = helper.make_opsetid("", opset)
    model = helper.make_model(
        made,
        opset_imports=[version],
        producer_name="multiback",
        producer_version=multiback.__version__,
        ir_version=helper.find_min_ir_version_for([version]),
    )
    helper.set_model_props(model, dict(program.metadata))
    return model


def prepared(graph: Graph, opset: int) -> Graph:
    """The graph without new state and gradients, and with composites only where ONNX has them."""
    graph = graph.replace(outputs=graph.results, updates=())
    graph = passes.optimize(gradient.expand_gradients(graph), off=_OFF)

    def keep(equation: Equation) -> bool:
        return kept(equation, opset)

    graph = passes.fuse_linear(graph, keep)
    return passes.optimize(passes.expand(graph, keep), off=_OFF)


def lacking(graph: Graph) -> Inventory:
    """What a prepared graph has that ONNX does not."""
    found = Inventory()
    for equation in graph.walk():
        place = equation.scope or equation.line
        if equation.op.name not in HANDLERS:
            found.add(equation.op.name, place, "ONNX has no such operator")
        elif any(v.dtype.is_complex for v in [*equation.flat_inputs, *equation.flat_outputs]):
            found.add(equation.op.name, place, "ONNX's operators take no complex numbers")
    return found


def translate(emitter: Emitter, graph: Graph) -> None:
    """Writes the equations of a graph, whose inputs have names already."""
    for value, array in graph.constants.items():
        emitter.views[value] = View(emitter.constant(array))
    outer = emitter.scope
    for equation in graph.equations:
        emitter.scope = equation.scope or outer
        emitter.label = equation.op.name
        call = Call(emitter, equation, translate)
        found = HANDLERS[equation.op.name](call, **call.operands(), **equation.attributes)
        for value, place in zip(flat(equation.outputs), flat(found)):
            emitter.views[value] = place if isinstance(place, View) else View(place)
    emitter.scope = outer


def _drop_identities(emitter: Emitter, outputs: Sequence[str]) -> None:
    """Gives the nodes that compute outputs the outputs' names, where nothing else is in the way."""
    makers = {name: node for node in emitter.nodes for name in node.output}
    uses: dict[str, int] = {}
    for node in emitter.nodes:
        for name in _read(node):
            uses[name] = uses.get(name, 0) + 1
    for name in outputs:
        identity = makers[name]
        source = identity.input[0]
        if source in makers and uses[source] == 1 and source not in outputs:
            maker = makers[source]
            maker.output[list(maker.output).index(source)] = name
            emitter.nodes.remove(identity)


def _read(node: Any) -> list[str]:
    """The names that a node reads, its graphs included."""
    found = list(node.input)
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            for inner in attribute.g.node:
                found += _read(inner)
    return found


def result_names(graph: Graph, given: Sequence[str]) -> list[str]:
    """A name for each result that no input has."""
    taken = {v.name for v in graph.arguments}
    count = len(graph.results)
    names = list(given) if len(given) == count else ["output"] if count == 1 else [f"output_{i}" for i in range(count)]
    found: list[str] = []
    for name in names:
        n, candidate = 0, name
        while candidate in taken or candidate in found:
            n += 1
            candidate = f"{name}_{n}"
        found.append(candidate)
    return found

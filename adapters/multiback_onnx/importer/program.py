"""The computation of an ONNX model, as the hub records it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from multiback.graph.trace import current_builder
from multiback.porting import host_values
from multiback.porting.imported import KeySource
from multiback_onnx.importer.files import all_nodes, nodes_of
from multiback_onnx.importer.interpreter import Interpreter, Scope

_DIFFERENT_IN_TRAINING = {"BatchNormalization", "Dropout"}


class OnnxProgram:
    """Runs the nodes of a model on abstract values.

    Attributes:
        arguments: By input name a Spec, or an array that is known while the graph is built.
    """

    def __init__(
        self,
        model: Any,
        folder: Path | None,
        opsets: Mapping[str, int],
        constants: Mapping[str, np.ndarray],
        arguments: Mapping[str, Any],
        notes: list[str],
    ) -> None:
        self.graph = model.graph
        self.functions = {(f.domain, f.name): f for f in model.functions}
        self.folder = folder
        self.opsets = opsets
        self.constants = constants
        self.arguments = arguments
        self.notes = notes

    def has_training_form(self) -> bool:
        """Whether training makes a difference."""
        nodes = [*all_nodes(self.graph)]
        for function in self.functions.values():
            nodes += nodes_of(function.node)
        return any(node.op_type in _DIFFERENT_IN_TRAINING for node in nodes)

    def __call__(
        self,
        weights: Mapping[str, Any],
        key: KeySource,
        training: bool,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        run = Interpreter(
            functions=self.functions,
            opsets=self.opsets,
            folder=self.folder,
            training=training,
            key=key,
            variables=weights,
            notes=self.notes,
        )
        builder = current_builder()
        scope = Scope(self.constants)
        for name, variable in weights.items():
            scope[name] = builder.lift(variable) if builder is not None else variable
        given = iter(args)
        for name, argument in self.arguments.items():
            scope[name] = argument if isinstance(argument, np.ndarray) else next(given)
            run.note_input(name, scope[name])
        outputs = run.graph(self.graph, scope, self.constants)
        results = tuple(_result(x) for x in outputs)
        return results[0] if len(results) == 1 else results


def _result(x: Any) -> Any:
    if isinstance(x, list):
        return tuple(_result(item) for item in x)
    return host_values.lift(x)

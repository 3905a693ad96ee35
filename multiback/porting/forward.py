"""The forward pass of any model as one graph, with what it is called on and the names of its weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from multiback.graph.check import check
from multiback.graph.ir import Graph, Spec
from multiback.graph.trace import trace
from multiback.models.inputs import call_specs
from multiback.porting import structure
from multiback.variables import Variable


@dataclass(frozen=True)
class ForwardGraph:
    """The forward pass of a model in one form.

    Attributes:
        graph: State inputs, then arguments; new state, then results. Equations carry the path of their layer.
        variables: The Variables that are the state inputs, in order.
        names: A name for each of them: the original's, for an imported model; otherwise the path inside the model.
        inputs: The names of the arguments, in order.
        args, kwargs: How the arguments are nested in a call; see `multiback.porting.structure`.
        results: How the results are nested.
        classes: Names of classes by scope: of layers, or of the original's modules. The model's own is under "".
        training: Whether it is the form for training.
    """

    graph: Graph
    variables: tuple[Variable, ...]
    names: tuple[str, ...]
    inputs: tuple[str, ...]
    args: structure.Structure
    kwargs: structure.Structure
    results: structure.Structure
    classes: dict[str, str] = field(default_factory=dict)
    training: bool = False

    @property
    def updated(self) -> tuple[str, ...]:
        """The names of the weights that the leading outputs replace."""
        return tuple(self.names[i] for i in self.graph.updates)


def forward_graph(model: Any, training: bool = False) -> ForwardGraph:
    """The forward pass of a model as one graph.

    Arguments:
        model: Built; made of layers, or imported.
        training: Which form.

    Raises:
        NotBuiltError: if the model does not know what it is called on.

    Example:
        >>> print(forward_graph(model).graph)
    """
    args, kwargs = call_specs(model)
    marks, specs = structure.describe((args, kwargs), lambda x: isinstance(x, Spec))
    results: structure.Structure = None

    def forward(*arrays: Any) -> list[Any]:
        nonlocal results
        positional, by_name = structure.filled(marks, arrays)
        outputs = model(*positional, **{**by_name, "training": training})
        results, found = structure.describe(outputs, lambda x: hasattr(x, "shape"))
        return found

    traced = trace(forward, *specs, name=model.name)
    graph = check(_without_own_scope(traced.graph, model.name))
    labels = input_names(model, marks)
    for value, label in zip(graph.arguments, labels):
        value.name = label
    return ForwardGraph(
        graph,
        traced.variables,
        tuple(_weight_names(model, traced.variables)),
        tuple(labels),
        marks["tuple"][0],
        marks["tuple"][1],
        results,
        _classes(model),
        training,
    )


def input_names(model: Any, marks: structure.Structure) -> list[str]:
    """A name for each array that a model is called on."""
    paths = structure.mark_paths(marks)
    if hasattr(model, "input_specs"):
        return list(model.input_specs)
    names = getattr(model, "input_names", None)
    if names and len(names) == len(paths):
        return [str(name) for name in names]
    if len(paths) == 1:
        return ["x"]
    return [paths[i].partition("/")[2].replace("/", "_") for i in sorted(paths)]


def _weight_names(model: Any, variables: tuple[Variable, ...]) -> list[str]:
    original = {variable: name for name, variable in reversed(list(getattr(model, "named_weights", {}).items()))}
    return [original.get(v) or v.path.removeprefix(f"{model.name}/") for v in variables]


def _classes(model: Any) -> dict[str, str]:
    recorded = getattr(model, "recorded", None)
    if recorded is not None:
        return {"": type(model).__name__, **recorded.classes}
    prefix = f"{model.name}/"
    found = {layer.path.removeprefix(prefix): type(layer).__name__ for layer in model._flatten_layers(False)}
    return {"": type(model).__name__, **found}


def _without_own_scope(graph: Graph, name: str) -> Graph:
    """The graph with scopes counted from the model, without its own name in front."""

    def stripped(scope: str) -> str:
        return "" if scope == name else scope.removeprefix(f"{name}/")

    return graph.replace(
        equations=tuple(
            e.replace(
                scope=stripped(e.scope),
                attributes={
                    k: _without_own_scope(v, name) if isinstance(v, Graph) else v for k, v in e.attributes.items()
                },
            )
            for e in graph.equations
        )
    )

"""From what an importer found to a model: the program is traced once for each form."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import PortError
from multiback.graph.check import check
from multiback.graph.ir import Graph, Spec, Value
from multiback.graph.passes.substitution import substitute
from multiback.graph.trace import current_builder, trace
from multiback.porting import structure
from multiback.porting.graph_model import Form, GraphModel, Recorded
from multiback.porting.imported import Imported
from multiback.porting.scopes import collecting
from multiback.variables import Variable

_LARGEST_CONSTANT = 256
"""Elements of a constant that stays in the graph; larger ones become weights that are not trained, for the files."""


def assemble(imported: Imported) -> GraphModel:
    """The model that an importer's findings describe.

    Arguments:
        imported: Its program is traced here, once for each of its forms.

    Raises:
        PortError: if two weights have one name.
    """
    variables: dict[str, Variable] = {}
    weights = []
    named: dict[str, Variable] = {}
    for weight in imported.weights:
        variable = Variable.borrowing(weight.array, trainable=weight.trainable, path=weight.name)
        for name in (weight.name, *weight.aliases):
            if name in named:
                raise PortError(f"Model {imported.name!r} has two weights named {name!r}.")
            named[name] = variable
        variables[weight.name] = variable
        weights.append((weight.name, Spec(variable.shape, variable.dtype), weight.trainable, weight.aliases))
    arguments, specs = structure.describe((imported.args, imported.kwargs), _is_spec)
    args, kwargs = arguments["tuple"]
    labels = _labels(args, kwargs)
    forms: dict[bool, Form] = {}
    with collecting(imported.classes):
        for training in sorted(set(imported.forms)):
            forms[training] = _form(imported, named, training, arguments, specs, labels, variables)
    known = {name for name, *_ in weights}
    for name, variable in variables.items():
        if name not in known:
            weights.append((name, Spec(variable.shape, variable.dtype), False, ()))
    recorded = Recorded(
        list(zip(labels, specs)), args, kwargs, forms, weights, dict(imported.classes), imported.framework
    )
    return GraphModel(recorded, [variables[name] for name, *_ in weights], name=_model_name(imported.name))


def _form(
    imported: Imported,
    named: dict[str, Variable],
    training: bool,
    arguments: structure.Structure,
    specs: list[Spec],
    labels: list[str],
    variables: dict[str, Variable],
) -> Form:
    keys: list[Value] = []

    def key() -> Value:
        builder = current_builder()
        assert builder is not None
        keys.append(builder.root.input(Spec((2,), dtypes.int32), f"key_{len(keys)}"))
        return keys[-1]

    results: structure.Structure = None

    def program(*arrays: Any) -> list[Any]:
        nonlocal results
        filled_args, filled_kwargs = structure.filled(arguments, arrays)
        outputs = imported.program(named, key, training, filled_args, filled_kwargs)
        results, found = structure.describe(outputs, _is_array)
        return found

    traced = trace(program, *specs, name=imported.name)
    graph = _named(check(traced.graph), labels)
    state = [_name_of(variables, v) for v in traced.variables]
    graph, moved = _with_constants_as_state(graph, variables)
    return Form(graph, (*state, *moved), len(keys), results)


def _is_spec(x: Any) -> bool:
    return isinstance(x, Spec)


def _is_array(x: Any) -> bool:
    return isinstance(x, Value | np.ndarray | np.generic | Variable) or hasattr(x, "shape")


def _name_of(variables: dict[str, Variable], variable: Variable) -> str:
    return next(name for name, known in variables.items() if known is variable)


def _named(graph: Graph, labels: list[str]) -> Graph:
    """The graph with its arguments named as in a call."""
    for value, label in zip(graph.arguments, labels):
        value.name = label
    return graph


def _labels(args: structure.Structure, kwargs: structure.Structure) -> list[str]:
    """A name for each array of a call: the keyword, or its position."""
    positional = structure.mark_paths(args)
    by_keyword = structure.mark_paths(kwargs)
    only = len(positional) == 1 and not by_keyword
    labels = {i: "x" if only else f"x{path.replace('/', '_')}" for i, path in positional.items()}
    labels |= {i: path.replace("/", "_") for i, path in by_keyword.items()}
    return [labels[i] for i in sorted(labels)]


def _with_constants_as_state(graph: Graph, variables: dict[str, Variable]) -> tuple[Graph, list[str]]:
    """The graph with its large constants as state inputs, and the names of the weights that hold them."""
    moved: dict[str, Value] = {}
    constants: dict[Value, np.ndarray] = {}
    env: dict[Value, Value] = {}
    for value, array in graph.constants.items():
        if array.size <= _LARGEST_CONSTANT:
            constants[value] = array
            continue
        name = next((n for n, v in variables.items() if n.startswith("constant_") and _same(v, array)), None)
        if name is None:
            name = f"constant_{sum(n.startswith('constant_') for n in variables)}"
            variables[name] = Variable.borrowing(array, trainable=False, path=name)
        if name in moved:
            env[value] = moved[name]
        else:
            moved[name] = value
            value.name = name
    state = graph.inputs[: graph.state]
    return graph.replace(
        inputs=(*state, *moved.values(), *graph.arguments),
        equations=tuple(e.replace(inputs=substitute(e.inputs, env)) for e in graph.equations),
        outputs=substitute(graph.outputs, env),
        state=graph.state + len(moved),
        constants=constants,
    ), list(moved)


def _same(variable: Variable, array: np.ndarray) -> bool:
    held = variable._cell
    return held is array or (
        isinstance(held, np.ndarray)
        and held.dtype == array.dtype
        and held.shape == array.shape
        and held.tobytes() == array.tobytes()
    )


def _model_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_") or "model"

"""A model whose computation is a recorded graph: what importers make of a foreign model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.backends.compile import Compiled
from multiback.backends.protocol import Options
from multiback.errors import ArgumentError, SavingError, ShapeError
from multiback.graph.dims import Dim, names
from multiback.graph.inline import bound_sizes, inline
from multiback.graph.ir import Graph, Spec
from multiback.graph.op import OPS
from multiback.graph.trace import current_builder
from multiback.layers import _weight_budget
from multiback.models.model import Model
from multiback.models.parts import parts_of
from multiback.porting import structure
from multiback.porting.graph_json import graph_from_json, graph_to_json, spec_from_json, spec_to_json
from multiback.saving.registry import file_under
from multiback.variables import Variable


@dataclass
class Form:
    """The computation in one form: of training, or of inference.

    Attributes:
        graph: State inputs, then arguments, then keys; new state, then results.
        state: The names of the weights that are the state inputs.
        keys: How many random keys it takes.
        results: How the results are nested; see `multiback.porting.structure`.
    """

    graph: Graph
    state: tuple[str, ...]
    keys: int
    results: structure.Structure

    @property
    def updated(self) -> tuple[str, ...]:
        """The names of the weights that the leading outputs replace."""
        return tuple(self.state[i] for i in self.graph.updates)


@dataclass
class Recorded:
    """A computation recorded from a foreign model.

    Attributes:
        inputs: A name and a `Spec` for each array it is called on.
        args, kwargs: How they are nested in a call.
        forms: By the value of `training`; without one for training, that for inference serves.
        weights: Name, shape and dtype, trainable or not, other names, of each weight.
        classes: Names of the original's classes, by scope.
        framework: Where it comes from.
    """

    inputs: list[tuple[str, Spec]]
    args: structure.Structure
    kwargs: structure.Structure
    forms: dict[bool, Form]
    weights: list[tuple[str, Spec, bool, tuple[str, ...]]]
    classes: dict[str, str] = field(default_factory=dict)
    framework: str = ""


@file_under("multiback.porting")
class GraphModel(Model):
    """A model whose computation was recorded; `multiback.from_torch` and its relatives make them.

    It trains, saves, moves between backends and is checked like any other model. Its weights keep their original names
    and layouts; dropout and batch normalization follow `training`.

    Arguments:
        recorded: The computation, or the JSON that `get_config` made of it.
        variables: The weights; by default zeros, to be loaded.
        name: Of the model.

    Raises:
        SavingError: if the JSON does not describe a computation.

    Example:
        >>> model = multiback.from_torch(module, (x,))
        >>> model.compile("adam", "mse", backend="jax")
    """

    def __init__(
        self,
        recorded: Recorded | Mapping[str, Any],
        variables: Sequence[Variable] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        recorded = recorded if isinstance(recorded, Recorded) else _recorded_from(recorded)
        if any(spec.dtype == "float64" for _, spec, _, _ in recorded.weights):
            kwargs.setdefault("dtype", "float64")
        super().__init__(name=name, **kwargs)
        self.autocast = False
        self.recorded = recorded
        self._weight_list = list(variables) if variables is not None else list(map(_zeros, self.recorded.weights))
        self.named_weights: dict[str, Variable] = {}
        for variable, (own, _, _, aliases) in zip(self._weight_list, self.recorded.weights, strict=True):
            self.named_weights.update(dict.fromkeys((own, *aliases), variable))
        self._compiled_forms: dict[bool, Compiled] = {}
        self.port_report: Any = None
        self.built = True

    @property
    def input_specs(self) -> dict[str, Spec]:
        """Shape and dtype of each array that the model is called on, by name."""
        return dict(self.recorded.inputs)

    def get_weight(self, name: str) -> Variable:
        """A weight by its original name.

        Raises:
            UnknownNameError: if there is none of this name, with the nearest one.
        """
        from multiback.errors import unknown_name

        if name not in self.named_weights:
            raise unknown_name(f"weight of model {self.name!r}:", name, self.named_weights)
        return self.named_weights[name]

    def summary_parts(self) -> list[Any]:
        """The original's modules, for `summary()`."""
        return list(parts_of(self._form(False).graph, self.recorded.classes).parts.values())

    def call_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What the model is called on, as trees of `Spec`."""
        specs = [spec for _, spec in self.recorded.inputs]
        return (
            structure.filled(self.recorded.args, specs),
            structure.filled(self.recorded.kwargs, specs),
        )

    def call(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        form = self._form(bool(training))
        values = self._matched(args, kwargs)
        if current_builder() is None:
            if bool(training) not in self._compiled_forms:
                # A recorded graph has no Python of its own to step through: called op by op, it runs compiled too.
                self._compiled_forms[bool(training)] = Compiled(
                    lambda *arrays: self._run(form, arrays), self.name, Options(differentiable=True), batched=False
                )
            return self._compiled_forms[bool(training)](*values)
        return self._run(form, values)

    def _form(self, training: bool) -> Form:
        forms = self.recorded.forms
        return forms[training] if training in forms else forms[False]

    def _run(self, form: Form, values: Sequence[Any]) -> Any:
        builder = current_builder()
        assert builder is not None
        state = [self.named_weights[n] for n in form.state]
        keys = [self._random_key(salt=f"draw_{i}") for i in range(form.keys)]
        outputs = inline(builder, form.graph, [*state, *values, *keys])
        updated = form.updated
        for name, value in zip(updated, outputs):
            self.named_weights[name].assign(value)
        return structure.filled(form.results, outputs[len(updated) :])

    def _matched(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The arrays of a call in the order of the inputs, with their dtypes.

        Raises:
            ArgumentError: for an input that is missing or not known.
            ShapeError: for a shape that does not fit.
        """
        labels = [name for name, _ in self.recorded.inputs]
        found = self._arrays(args, kwargs, labels)
        if missing := [label for i, label in enumerate(labels) if found.get(i) is None]:
            raise ArgumentError(
                f"Model {self.name!r} lacks the input {', '.join(map(repr, missing))}. It is called on: "
                f"{', '.join(f'{label}: {spec}' for label, spec in self.recorded.inputs)}."
            )
        values = []
        for i, (label, spec) in enumerate(self.recorded.inputs):
            x = found[i] if hasattr(found[i], "shape") and hasattr(found[i], "dtype") else np.asarray(found[i])
            got = dtypes.as_dtype(x.dtype)
            if got != spec.dtype:
                if got.kind == "f" and spec.dtype.kind in "iub":
                    raise ArgumentError(
                        f"Input {label!r} of model {self.name!r} expects {spec.dtype}, got {got}. Convert it before."
                    )
                x = OPS["cast"](x, spec.dtype)
            values.append(x)
        try:
            bound_sizes(self._form(False).graph.arguments[: len(values)], [_sizes(x) for x in values])
        except ShapeError as error:
            raise ShapeError(f"Model {self.name!r}: {error}") from None
        return values

    def _arrays(self, args: tuple[Any, ...], kwargs: dict[str, Any], labels: Sequence[str]) -> dict[int, Any]:
        recorded = self.recorded
        by_name = {label: i for i, label in enumerate(labels)}
        if len(args) == 1 and not kwargs:
            given = args[0]
            if len(labels) == 1 and hasattr(given, "shape"):
                return {0: given}
            if isinstance(given, Mapping) and given and all(k in by_name for k in given):
                return {by_name[k]: x for k, x in given.items()}
            if isinstance(given, Mapping) and not _count(recorded.args) and _count(recorded.kwargs):
                args, kwargs = (), dict(given)
            elif isinstance(given, list | tuple) and len(given) == len(labels) and len(labels) != 1:
                flat = [x for x in given if not isinstance(x, list | tuple | Mapping)]
                if len(flat) == len(labels):
                    return dict(enumerate(flat))
                args = tuple(given)
        elif len(args) == len(labels) and not kwargs and all(hasattr(x, "shape") for x in args):
            return dict(enumerate(args))
        positional = recorded.args["tuple"] if recorded.args else []
        found: dict[int, Any] = {}
        rest = dict(kwargs)
        for i, label in enumerate(labels):
            if label in rest and label not in (recorded.kwargs or {}).get("dict", {}):
                found[i] = rest.pop(label)
        try:
            for i, inner in enumerate(positional):
                if i < len(args):
                    found.update(structure.taken(inner, args[i], str(i)))
            if len(args) > len(positional):
                raise KeyError(str(len(positional)))
            for key, inner in ((recorded.kwargs or {}).get("dict") or {}).items():
                if key in rest and rest[key] is not None:
                    found.update(structure.taken(inner, rest.pop(key), key))
            if unknown := [k for k, x in rest.items() if hasattr(x, "shape")]:
                raise KeyError(unknown[0])
        except KeyError as error:
            raise ArgumentError(
                f"Model {self.name!r} cannot place the argument {error.args[0]!r}. It is called on: "
                f"{', '.join(f'{label}: {spec}' for label, spec in recorded.inputs)}."
            ) from None
        return found

    def state_dict(self) -> dict[str, np.ndarray]:
        """The weights as NumPy arrays by their original names, tied ones under each of their names."""
        return {name: variable.numpy() for name, variable in self.named_weights.items()}

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "trainable": self._trainable, "recorded": _recorded_to(self.recorded)}

    def get_build_config(self) -> None:
        return None


def _sizes(x: Any) -> tuple[Any, ...]:
    return tuple(Dim.named(f"size_{i}") if n is None else n for i, n in enumerate(x.shape))


def _count(marks: structure.Structure) -> int:
    return len(structure.mark_paths(marks))


def _zeros(weight: tuple[str, Spec, bool, tuple[str, ...]]) -> Variable:
    name, spec, trainable, _ = weight
    shape = tuple(int(n) for n in spec.shape)
    _weight_budget.spend(shape, spec.dtype, name)
    return Variable(np.zeros(shape, spec.dtype.numpy), dtype=spec.dtype, trainable=trainable, name=name, path=name)


def _recorded_to(recorded: Recorded) -> dict[str, Any]:
    return {
        "inputs": [{"name": name, **spec_to_json(spec)} for name, spec in recorded.inputs],
        "args": recorded.args,
        "kwargs": recorded.kwargs,
        "forms": {
            "training" if training else "inference": {
                "graph": graph_to_json(form.graph),
                "state": list(form.state),
                "keys": form.keys,
                "results": form.results,
            }
            for training, form in recorded.forms.items()
        },
        "weights": [
            {"name": name, **spec_to_json(spec), "trainable": trainable, "aliases": list(aliases)}
            for name, spec, trainable, aliases in recorded.weights
        ],
        "classes": recorded.classes,
        "framework": recorded.framework,
    }


def _recorded_from(config: Mapping[str, Any]) -> Recorded:
    try:
        recorded = Recorded(
            [(str(x["name"]), spec_from_json(x)) for x in config["inputs"]],
            config["args"],
            config["kwargs"],
            {
                training: Form(graph_from_json(x["graph"]), tuple(x["state"]), int(x["keys"]), x["results"])
                for training, label in ((False, "inference"), (True, "training"))
                if (x := config["forms"].get(label)) is not None
            },
            [
                (str(x["name"]), spec_from_json(x), bool(x["trainable"]), tuple(map(str, x["aliases"])))
                for x in config["weights"]
            ],
            {str(k): str(v) for k, v in config["classes"].items()},
            str(config["framework"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise SavingError(f"The recorded computation is damaged ({type(error).__name__}: {error}).") from error
    _check(recorded)
    return recorded


def _check(recorded: Recorded) -> None:
    """Checks that the parts of a recorded computation from a file fit together."""
    known = {name: spec for name, spec, _, _ in recorded.weights}
    if False not in recorded.forms:
        raise SavingError("The recorded computation has no form for inference.")
    for spec in known.values():
        if any(not isinstance(n, int) or n < 0 for n in spec.shape):
            raise SavingError("A weight of the recorded computation has a size that is not a number.")
    for form in recorded.forms.values():
        graph = form.graph
        fits = graph.state == len(form.state) and len(graph.arguments) == len(recorded.inputs) + form.keys
        fits = fits and all(
            name in known and known[name] == value.spec for name, value in zip(form.state, graph.inputs)
        )
        fits = fits and all(spec == value.spec for (_, spec), value in zip(recorded.inputs, graph.arguments))
        if not fits:
            raise SavingError("The inputs of the recorded computation do not fit its weights and arguments.")
        structure.filled(form.results, graph.results)
    bare = {n.name for _, spec in recorded.inputs for n in spec.shape if isinstance(n, Dim)}
    every = {m for _, spec in recorded.inputs for n in spec.shape for m in names(n)}
    if not every <= bare:
        raise SavingError("The recorded computation has a size that none of its inputs gives.")
    specs = [spec for _, spec in recorded.inputs]
    structure.filled(recorded.args, specs), structure.filled(recorded.kwargs, specs)

"""The weights of another framework's checkpoint, put into a model that was written here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.errors import ArgumentError, NotBuiltError, PortError, closest
from multiback.graph.host import as_host_array
from multiback.porting.layout import Layout, Names, Part
from multiback.porting.porter import get_porter
from multiback.porting.tensor_files import read_tensors
from multiback.variables import Variable

_LISTED = 8


@dataclass
class StateReport:
    """What of a checkpoint went where.

    Attributes:
        matched: Our weights with the names of the arrays they were made of.
        missing: Our weights for which the checkpoint has nothing, with the names that were looked for.
        unexpected: Names in the checkpoint that no weight of ours took.
        mismatched: Our weights whose array has another shape: expected, got.
    """

    matched: dict[str, tuple[str, ...]] = field(default_factory=dict)
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    mismatched: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every weight and every array found its place."""
        return not (self.missing or self.unexpected or self.mismatched)

    def __str__(self) -> str:
        lines = [f"{len(self.matched)} weights matched."]
        looked_for = (f"{path} (as {' + '.join(full)})" for path, full in self.missing.items())
        lines += _listed(f"{len(self.missing)} weights are missing", looked_for)
        lines += _listed(f"{len(self.unexpected)} arrays are left over", self.unexpected)
        shapes = (f"{k} expects {want}, got {got}" for k, (want, got) in self.mismatched.items())
        lines += _listed(f"{len(self.mismatched)} shapes differ", shapes)
        return "\n".join(lines)


def load_state(
    model: Any,
    state: Mapping[str, Any] | str | os.PathLike[str],
    *,
    names: Names = None,
    layout: str | None = None,
    strict: bool = True,
) -> StateReport:
    """Loads another framework's checkpoint into a built model: all of it, or nothing.

    An imported model takes its original names and layouts. A model made of layers takes, for each layer, the arrays
    below a prefix, which is the layer's path with dots for slashes unless `names` says otherwise.

    Arguments:
        model: Built.
        state: Arrays of any framework by name, or the name of a `.safetensors` or `.npz` file.
        names: From the path of a layer (or of one weight) to its prefix (or name) in the checkpoint: a dict, or a
            function. In a dict, a path also stands for all that is below it.
        layout: Whose names and layouts the arrays have, such as "torch"; None: ours.
        strict: Whether a weight without an array, or an array without a weight, is an error.

    Returns:
        What matched.

    Raises:
        PortError: if shapes differ, or with `strict` if anything is missing or left over; the model stays as it was.
        ArgumentError: for a path in `names` that the model does not have.
        SavingError: for a file that is damaged.

    Example:
        >>> report = load_state(model, torch_module.state_dict(), names={"head": "fc"}, layout="torch")
        >>> print(report)
    """
    if not model.built:
        raise NotBuiltError(f"Model {model.name!r} is not built. Call it once, or build(input_shape), before.")
    arrays = dict(read_tensors(state)) if isinstance(state, str | os.PathLike) else dict(state)
    rules = get_porter(layout).layout() if layout is not None else Layout({})
    wanted = list(_wanted(model, rules, names))
    report = StateReport()
    values: dict[Variable, np.ndarray] = {}
    taken: set[str] = set()
    for variable, path, part, full in wanted:
        if any(name not in arrays for name in full):
            taken.update(name for name in full if name in arrays)
            if not part.optional:
                report.missing[path] = full
            continue
        taken.update(full)
        array = np.asarray(part.convert(*(as_host_array(arrays[name]) for name in full)))
        if array.shape != variable.shape:
            report.mismatched[path] = (variable.shape, array.shape)
            continue
        report.matched[path] = full
        values[variable] = array
    ends = tuple(f".{end}" for end in rules.ignored)
    report.unexpected = [n for n in arrays if n not in taken and not f".{n}".endswith(ends or ("\0",))]
    if report.mismatched or (strict and not report.complete):
        raise PortError(
            f"The checkpoint does not fit model {model.name!r}; nothing was loaded.\n{report}\n"
            "Say with names={...} where the weights are, or pass strict=False to load what matches."
        )
    for variable, array in values.items():
        variable.assign(array.astype(variable.dtype.numpy, copy=False))
    return report


def _wanted(model: Any, rules: Layout, names: Names) -> Iterable[tuple[Variable, str, Part, tuple[str, ...]]]:
    """Each weight, its path, what it is made of, and the full names of that."""
    if hasattr(model, "named_weights"):
        seen: set[Variable] = set()
        for own, variable in model.named_weights.items():
            if variable not in seen:
                seen.add(variable)
                aliases = [n for n, v in model.named_weights.items() if v is variable]
                yield variable, own, Part(own, (own,)), (_renamed(names, own) if len(aliases) == 1 else own,)
        return
    layers = [layer for layer in model._flatten_layers() if layer._own_variables]
    paths = {layer: layer.path.removeprefix(f"{model.name}/") for layer in layers}
    if isinstance(names, dict):
        known = {p for path in paths.values() for p in _above(path)}
        known |= {f"{paths[layer]}/{v.name}" for layer in layers for v in layer._own_variables}
        for given in names:
            if given not in known:
                raise ArgumentError(f"Model {model.name!r} has no layer {given!r}.{closest(given, known)}")
    for layer in layers:
        path = paths[layer]
        own = {v.name: v for v in layer._own_variables if v not in layer._not_weights()}
        make = rules.parts.get(type(layer).__name__)
        parts = list(make(layer)) if make is not None else [Part(name, (name,)) for name in own]
        inside = type(layer).__name__ in rules.transparent and "/" in path
        prefix = _renamed(names, path.rpartition("/")[0] if inside else path)
        for part in parts:
            if part.weight not in own:
                continue
            single = names.get(f"{path}/{part.weight}") if isinstance(names, dict) else None
            full = (single,) if single else tuple(f"{prefix}.{n}" if prefix else n for n in part.names)
            yield own[part.weight], f"{path}/{part.weight}", part, full


def _renamed(names: Names, path: str) -> str:
    """The prefix of a layer in the checkpoint."""
    if callable(names):
        return names(path)
    if names:
        for above in _above(path):
            if above in names:
                return f"{names[above]}{path[len(above) :]}".replace("/", ".").strip(".")
    return path.replace("/", ".")


def _above(path: str) -> list[str]:
    """A path and the paths above it, the longest first."""
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(len(parts), 0, -1)]


def _listed(heading: str, items: Iterable[str]) -> list[str]:
    found = list(items)
    if not found:
        return []
    more = [f"  ... and {len(found) - _LISTED} more"] if len(found) > _LISTED else []
    return [f"{heading}:", *(f"  {item}" for item in found[:_LISTED]), *more]

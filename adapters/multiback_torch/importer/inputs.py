"""Example inputs: what they may be, how their batch is made symbolic, and how calls find their arrays again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from multiback.errors import ArgumentError
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback_torch.importer import dimensions
from multiback_torch.importer.tensors import as_dtype, from_numpy


@dataclass(frozen=True)
class Inputs:
    """Arguments of a call with tensors as leaves."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def tensors(self) -> list[torch.Tensor]:
        """The tensors among the leaves, from left to right."""
        return [x for x in pytree.tree_leaves((self.args, self.kwargs)) if isinstance(x, torch.Tensor)]

    def mapped(self, function: Any) -> Inputs:
        """The same with `function` applied to every tensor."""
        args, kwargs = pytree.tree_map_only(torch.Tensor, function, (self.args, self.kwargs))
        return Inputs(args, kwargs)


def given(example_inputs: Any) -> Inputs:
    """What a person gave: a tensor, a tuple or list of arguments, a dict of arguments by name, or `(tuple, dict)`.

    Raises:
        ArgumentError: if there is no array among them.
    """
    args, kwargs = _split(example_inputs)
    if any(not isinstance(name, str) for name in kwargs):
        raise ArgumentError(f"Example inputs in a dict are arguments by name, got the names {list(kwargs)}.")
    inputs = Inputs(*pytree.tree_map_only(np.ndarray | np.generic, from_numpy, (args, kwargs)))
    if not inputs.tensors:
        raise ArgumentError(
            f"from_torch() needs example inputs with at least one array, got {example_inputs!r}. Pass a tensor, "
            "a tuple of arguments, a dict of arguments by name, or (arguments, dict of arguments by name)."
        )
    return inputs


def _split(example: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(example, Inputs):
        return example.args, example.kwargs
    if isinstance(example, Mapping):
        return (), dict(example)
    if isinstance(example, tuple) and len(example) == 2 and type(example[0]) is tuple and type(example[1]) is dict:
        return example[0], dict(example[1])
    if isinstance(example, tuple | list):
        return tuple(example), {}
    return (example,), {}


def widened(inputs: Inputs) -> Inputs | None:
    """The inputs with two samples each where all have one, since torch takes a size of 1 for fixed; None otherwise."""
    if any(t.ndim and t.shape[0] != 1 for t in inputs.tensors) or not any(t.ndim for t in inputs.tensors):
        return None
    return inputs.mapped(lambda t: torch.cat([t, t]) if t.ndim else t)


def batch_shapes(inputs: Inputs) -> Any:
    """torch's statement of which sizes may vary: the first of each array."""
    shapes = torch.export.ShapesCollection()
    for tensor in inputs.tensors:
        if tensor.ndim and tensor.shape[0] > 1:
            shapes[tensor] = {0: torch.export.Dim.AUTO}
    return shapes


def name_sizes(paths: Sequence[str], values: Sequence[Any], examples: Sequence[int | None]) -> dict[str, Dim]:
    """The `Dim` for each symbol among the first sizes of the inputs.

    The first is the batch, and so is every other that had the same size in the example; the rest are named by their
    input.

    Arguments:
        paths: Of the arrays among the inputs.
        values: torch's abstract arrays.
        examples: The first size of each in the example; None where it is not known.
    """
    names: dict[str, Dim] = {}
    batch: int | None = None
    for path, value, example in zip(paths, values, examples):
        for axis, size in enumerate(value.shape):
            found = dimensions.symbols(size)
            if len(found) != 1 or found[0] in names or str(size) != found[0]:
                continue
            first = axis == 0 and not names
            batch = example if first else batch
            same = axis == 0 and (first or (example is not None and example == batch))
            names[found[0]] = Dim.named("batch" if same else f"{path.replace('/', '_')}_{axis}")
    return names


def specs(inputs: Inputs, values: Sequence[Any], names: dimensions.Names) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with a `Spec` in place of each tensor, as trees of tuples, lists and dicts."""
    rest = iter(values)

    def spec(_: torch.Tensor) -> Spec:
        value = next(rest)
        return Spec(tuple(dimensions.as_size(s, names) for s in value.shape), as_dtype(value.dtype))

    leaves, structure = pytree.tree_flatten((inputs.args, inputs.kwargs))
    leaves = [spec(x) if isinstance(x, torch.Tensor) else x for x in leaves]
    args, kwargs = plain(structure, iter(leaves))
    return tuple(args), dict(kwargs)


def plain(structure: Any, leaves: Iterator[Any]) -> Any:
    """A tree of this structure of tuples, lists and dicts; another container is a dict where its parts have names."""
    if structure.is_leaf():
        return next(leaves)
    parts = [plain(child, leaves) for child in structure.children()]
    if structure.type is list:
        return parts
    names = None if hasattr(structure.type, "_fields") else _part_names(structure.context, len(parts))
    if names is None or structure.type is tuple:
        return tuple(parts)
    return dict(zip(names, parts))


def _part_names(context: Any, count: int) -> list[Any] | None:
    """The names of a container's parts, which torch keeps as a list, alone or inside another one."""
    for names in (context, *(context if isinstance(context, list | tuple) else ())):
        if isinstance(names, list) and len(names) == count and not any(isinstance(n, list) for n in names):
            return names
    return None


def taken(example: Any, actual: Any) -> list[Any]:
    """The arrays of a call whose arguments are nested like an example with a `Spec` for each array, in its order."""
    found: list[Any] = []

    def visit(example: Any, actual: Any) -> None:
        if isinstance(example, Spec):
            found.append(actual)
        elif isinstance(example, Mapping):
            for key in example:
                visit(example[key], actual[key])
        elif isinstance(example, tuple | list):
            for a, b in zip(example, actual, strict=True):
                visit(a, b)

    visit(example, actual)
    return found

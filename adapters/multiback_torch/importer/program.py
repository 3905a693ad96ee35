"""Programs of `torch.export`: how a module becomes one, and what the importer reads in it."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy
import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind
from torch.utils import _pytree as pytree

from multiback.errors import UnsupportedModel
from multiback_torch.importer import dimensions, failures, own_results
from multiback_torch.importer import inputs as examples
from multiback_torch.importer.inputs import Inputs
from multiback_torch.importer.native import copied

_STATE = (InputKind.PARAMETER, InputKind.BUFFER)


@dataclass(frozen=True)
class Program:
    """One form of a model.

    Attributes:
        exported: As torch has it.
        inputs: The arguments it was exported on, tensors being leaves.
        names: The `Dim` that each of its symbols stands for.
        states: For each placeholder that is a parameter or buffer, its name.
        constants: For each placeholder that is a constant, its tensor.
        arrays: The placeholders of the arrays among the arguments, in order.
        results: For each result, the node that gives it, or its value when it is none.
        updates: For each buffer that the program changes by a result, the node that gives its new value.
        notes: What a person should know.
    """

    exported: ExportedProgram
    inputs: Inputs
    names: Mapping[str, Any]
    states: Mapping[str, str]
    constants: Mapping[str, torch.Tensor]
    arrays: tuple[str, ...]
    results: tuple[Any, ...]
    updates: Mapping[str, Any]
    notes: tuple[str, ...]

    @property
    def graph_module(self) -> Any:
        """The nodes."""
        return self.exported.graph_module

    def node_value(self, name: str) -> Any:
        """What torch recorded for a placeholder."""
        return next(n.meta["val"] for n in self.exported.graph.nodes if n.name == name)


def export(module: torch.nn.Module, inputs: Inputs, *, dynamic_batch: bool, training: bool) -> Program:
    """A module as a program, its batch symbolic if possible. The module is left as it was.

    Raises:
        ArgumentError: if the module itself does not run on the example inputs.
        UnsupportedModel: if torch.export cannot follow it.
    """
    with _in_form(module, training), _quiet():
        if dynamic_batch:
            wide = examples.widened(inputs)
            for candidate in (wide, inputs) if wide else (inputs,):
                try:
                    exported = _exported(module, candidate, examples.batch_shapes(candidate))
                except Exception:  # What fails with a symbolic batch may do without; the last attempt tells the reason.
                    continue
                program = read(exported, candidate)
                if program.names and not _restricted(program):
                    return program
                if program.names:
                    break
                if candidate is inputs:
                    return replace(program, notes=(*program.notes, _fixed(inputs)))
        try:
            exported = _exported(module, inputs, None)
        except Exception as error:
            raise failures.explained(module, inputs, error) from error
    return read(exported, inputs, [_fixed(inputs)] if dynamic_batch else [])


def _restricted(program: Program) -> bool:
    """Whether what torch found out about the sizes while it exported holds for hardly any of them."""
    exported = program.exported
    environments = [
        s.node.shape_env for n in program.arrays for s in program.node_value(n).shape if not isinstance(s, int)
    ]
    ranges = {str(k): v for k, v in exported.range_constraints.items()}

    def holds(size: int) -> bool:
        values = {name: size + 2 * i for i, name in enumerate(program.names)}
        if any(name in ranges and not ranges[name].lower <= n <= ranges[name].upper for name, n in values.items()):
            return False
        return not any(_is_false(guard.expr, values) for guard in environments[0].guards)

    return bool(environments) and not any(map(holds, _SAMPLED))


_SAMPLED = (7, 13, 101, 1009)
"""Sizes that divide nothing."""


def _is_false(condition: Any, values: Mapping[str, int]) -> bool:
    numbers = {symbol: values[str(symbol)] for symbol in condition.free_symbols if str(symbol) in values}
    return condition.xreplace(numbers) == sympy.false


def _fixed(inputs: Inputs) -> str:
    sizes = ", ".join(map(str, sorted({t.shape[0] for t in inputs.tensors if t.ndim}))) or "none"
    return f"torch.export fixes the first sizes of this model's inputs to those of the example ({sizes})."


def _exported(module: torch.nn.Module, inputs: Inputs, shapes: Any) -> ExportedProgram:
    try:
        return torch.export.export(module, inputs.args, inputs.kwargs, dynamic_shapes=shapes, strict=False)
    except Exception:
        kinds = _own_results(module, inputs)
        if not kinds:
            raise
    with own_results.opened(kinds):
        return torch.export.export(module, inputs.args, inputs.kwargs, dynamic_shapes=shapes, strict=False)


def _own_results(module: torch.nn.Module, inputs: Inputs) -> list[type]:
    """The classes of what a module returns that torch does not know."""
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            given = inputs.mapped(lambda t: t.clone())
            return own_results.classes(copied(module, share=True)(*given.args, **given.kwargs))
    except Exception:  # Exporting has met it too, and says so.
        return []


@contextlib.contextmanager
def _in_form(module: torch.nn.Module, training: bool) -> Iterator[None]:
    """The module in training or evaluation, and in the end each part of it as it was."""
    before = [(m, m.training) for m in module.modules()]
    gradients = [(p, p.grad) for p in module.parameters()]
    module.train(training)
    try:
        yield
    finally:
        for part, mode in before:
            part.training = mode
        for parameter, gradient in gradients:
            parameter.grad = gradient


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """torch.export warns of what is handled here; fused kernels of torch would hide what a model consists of."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    logger = logging.getLogger("torch.fx.experimental.symbolic_shapes")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        # Where it fails, torch.export also prints the program.
        nowhere = io.StringIO()
        with warnings.catch_warnings(), contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
        torch.backends.mha.set_fastpath_enabled(fast)


def read(exported: ExportedProgram, inputs: Inputs, notes: list[str] | None = None) -> Program:
    """What the importer needs to know of a program.

    Raises:
        UnsupportedModel: if it changes its inputs, or takes what is no array.
    """
    signature, notes = exported.graph_signature, list(notes or [])
    values = {n.name: n.meta.get("val") for n in exported.graph.nodes if n.op == "placeholder"}
    states, constants, users = {}, {}, []
    for spec in signature.input_specs:
        name, target = spec.arg.name, spec.target
        if spec.kind in _STATE:
            states[name] = target
        elif spec.kind is InputKind.CONSTANT_TENSOR:
            constants[name] = exported.constants[target]
        elif spec.kind is InputKind.USER_INPUT:
            users.append(name)
        else:
            raise UnsupportedModel(
                f"The model holds {target!r}, a {spec.kind.name.lower().replace('_', ' ')}, which is no array and "
                "cannot be ported. Replace it by tensors."
            )
    paths, leaves = [], []
    for path, leaf in pytree.tree_flatten_with_path((inputs.args, inputs.kwargs))[0]:
        paths.append("_".join(_part(p) for p in path[1:]))
        leaves.append(leaf)
    arrays = [(n, p, x) for n, p, x in zip(users, paths, leaves, strict=True) if isinstance(x, torch.Tensor)]
    arrays = [(n, n if p[:1].isdigit() else p, x) for n, p, x in arrays]
    names = examples.name_sizes(
        [p for _, p, _ in arrays],
        [values[n] for n, _, _ in arrays],
        [x.shape[0] if x.ndim else None for _, _, x in arrays],
    )
    notes += _range_notes(exported, names)
    results, updates = _outputs(exported)
    return Program(
        exported, inputs, names, states, constants, tuple(n for n, _, _ in arrays), results, updates, tuple(notes)
    )


def _part(key: Any) -> str:
    return str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key))))


def _outputs(exported: ExportedProgram) -> tuple[tuple[Any, ...], dict[str, Any]]:
    nodes = {n.name: n for n in exported.graph.nodes}
    results, updates = [], {}
    for spec in exported.graph_signature.output_specs:
        given = nodes.get(spec.arg.name) if hasattr(spec.arg, "name") else None
        value = getattr(spec.arg, "value", None) if given is None else given
        if spec.kind is OutputKind.USER_OUTPUT:
            results.append(value)
        elif spec.kind is OutputKind.BUFFER_MUTATION:
            updates[spec.target] = given
        elif spec.kind is OutputKind.USER_INPUT_MUTATION:
            raise failures.changed_input(spec.target)
        else:
            raise UnsupportedModel(
                f"The program gives a {spec.kind.name.lower().replace('_', ' ')}, which is part of a training step. "
                "Port the model alone, and train it with fit()."
            )
    return tuple(results), updates


def _range_notes(exported: ExportedProgram, names: Mapping[str, Any]) -> list[str]:
    notes = []
    for symbol, bounds in exported.range_constraints.items():
        if str(symbol) in names:
            low, high = bounds.lower, bounds.upper
            limits = [f"at least {low}"] if low > 2 else []
            limits += [f"at most {high}"] if getattr(high, "is_finite", True) and high < 2**31 else []
            if limits:
                notes.append(f"The model was exported for a size {names[str(symbol)]} of {' and '.join(limits)}.")
    return notes


def result_tree(program: Program, results: list[Any]) -> Any:
    """The results nested as the model returns them, in tuples, lists and dicts."""
    return examples.plain(program.exported.call_spec.out_spec, iter(results))


def size_of(size: Any, program: Program) -> Any:
    """A size of the program as an int or a `Dim`."""
    return dimensions.as_size(size, program.names)

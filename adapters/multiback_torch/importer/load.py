"""A module, an exported program or a `.pt2` file as `Imported`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import torch
from torch.export import ExportedProgram

from multiback.errors import ArgumentError
from multiback.porting.imported import Imported, KeySource, Weight
from multiback_torch.importer import archive, inputs, program, support, weights
from multiback_torch.importer.interpreter import Interpreter
from multiback_torch.importer.native import SWITCHED, TorchOriginal
from multiback_torch.importer.program import Program


def load(
    source: Any, example_inputs: Any = None, *, dynamic_batch: bool = True, train: bool = False, name: str | None = None
) -> Imported:
    """What a model of torch computes, and its weights.

    Arguments:
        source: A `torch.nn.Module`, a `torch.export.ExportedProgram`, or the path of a `.pt2` file.
        example_inputs: What it is called on: a tensor or NumPy array, a tuple of arguments, a dict of arguments by
            name, or `(tuple, dict)`. Programs bring their own.
        dynamic_batch: Whether the first size of the inputs may vary.
        train: Whether the module is exported a second time, in training mode. Otherwise the training form is the
            evaluation form with dropout and batch norm switched on.
        name: Of the model; by default the module's class.

    Raises:
        ArgumentError: if source or inputs are something else, or the module does not run on them.
        UnsupportedModel: if it cannot be exported, or uses ops that cannot be ported.
    """
    if isinstance(source, str | os.PathLike):
        name = name or os.path.splitext(os.path.basename(source))[0]
        source = archive.read(source)
    if isinstance(source, ExportedProgram):
        return _from_program(source, example_inputs, train, name)
    if not isinstance(source, torch.nn.Module):
        raise ArgumentError(
            "from_torch() takes a torch.nn.Module, a torch.export.ExportedProgram or the path of a .pt2 file, "
            f"got {type(source).__name__}."
        )
    if isinstance(source, torch.jit.ScriptModule):
        raise ArgumentError("A scripted module cannot be exported. Pass the module that it was made from.")
    if example_inputs is None:
        raise ArgumentError("from_torch() needs example inputs, such as torch.randn(2, 3, 32, 32).")
    name = name or type(source).__name__
    given = inputs.given(example_inputs)
    evaluation = program.export(source, given, dynamic_batch=dynamic_batch, training=False)
    forms = {False: evaluation, True: evaluation}
    notes = list(evaluation.notes)
    if train:
        forms[True] = program.export(source, given, dynamic_batch=dynamic_batch, training=True)
        notes += [note for note in forms[True].notes if note not in notes]
    support.refuse_unsupported(name, list({id(p): p for p in forms.values()}.values()))
    found, owner = weights.of_module(source, list(forms.values()))
    if not train:
        notes += _training_notes(source)
    original = TorchOriginal(source, owner, train)
    return _imported(name, forms, found, owner, notes, original, _averaging(source))


def _from_program(exported: ExportedProgram, example_inputs: Any, train: bool, name: str | None) -> Imported:
    if train:
        raise ArgumentError("An exported program has the one form it was exported in; pass the module with train=True.")
    example = example_inputs if example_inputs is not None else exported.example_inputs
    if example is None:
        raise ArgumentError("This program was saved without its example inputs; pass example_inputs.")
    given = inputs.given(tuple(example) if example_inputs is None else example)
    evaluation = program.read(exported, given)
    name = name or "program"
    support.refuse_unsupported(name, [evaluation])
    found, owner = weights.of_program(evaluation)
    notes = list(evaluation.notes)
    return _imported(name, {False: evaluation, True: evaluation}, found, owner, notes, None, frozenset())


def _imported(
    name: str,
    forms: Mapping[bool, Program],
    found: list[Weight],
    owner: Mapping[str, str],
    notes: list[str],
    original: TorchOriginal | None,
    averaging: frozenset[str],
) -> Imported:
    evaluation = forms[False]
    arrays = [evaluation.node_value(n) for n in evaluation.arrays]
    args, kwargs = inputs.specs(evaluation.inputs, arrays, evaluation.names)

    def call(
        variables: Mapping[str, Any], key: KeySource, training: bool, given: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        by_name = {alias: variables[weight] for alias, weight in owner.items()}
        form = forms[training]
        results = Interpreter(form, by_name, key, training, averaging).run(inputs.taken((args, kwargs), (given, named)))
        return program.result_tree(form, results)

    return Imported(name, "torch", found, args, kwargs, call, native=original, notes=notes)


def _averaging(module: torch.nn.Module) -> frozenset[str]:
    """The buffers of running means that are averages over all batches: of batch norms without a momentum."""
    kinds = (torch.nn.modules.batchnorm._NormBase,)
    names = (n for n, m in module.named_modules() if isinstance(m, kinds) and m.momentum is None)
    return frozenset(f"{n}.running_mean".lstrip(".") for n in names)


def _training_notes(module: torch.nn.Module) -> list[str]:
    """Where the training form may differ from the module's own training mode, since it was exported in evaluation."""
    found = []
    for name, part in module.named_modules():
        if not isinstance(part, SWITCHED):
            rates = (v for k, v in vars(part).items() if "drop" in k.lower() and isinstance(v, float) and v > 0)
            found += [name or type(part).__name__] if any(rates) else []
    if not found:
        return []
    listed = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
    return [
        f"The training form is the evaluation form with dropout and norms switched on. Dropout that {listed} may do in "
        "training alone is not in it; train=True exports the module's own training form."
    ]

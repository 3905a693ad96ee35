"""The parameters and buffers of a model under their own names, each storage once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch

from multiback.porting.imported import Weight
from multiback_torch.importer.program import Program
from multiback_torch.importer.tensors import to_numpy

Named = Iterable[tuple[str, torch.Tensor]]


def of_module(module: torch.nn.Module, programs: Sequence[Program]) -> tuple[list[Weight], dict[str, str]]:
    """All parameters and buffers of a module, and the name of the weight that each of their names belongs to."""
    state = set(module.state_dict(keep_vars=True))
    used = {name for program in programs for name in program.states.values()}
    named = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
    return _once((name, tensor) for name, tensor in named if name in state or name in used)


def of_program(program: Program) -> tuple[list[Weight], dict[str, str]]:
    """The same of a program that came without its module."""
    exported = program.exported
    named = {**exported.state_dict}
    for spec in exported.graph_signature.input_specs:
        if spec.arg.name in program.states and spec.target not in named:
            named[spec.target] = exported.constants[spec.target]
    return _once(named.items())


def _once(named: Named) -> tuple[list[Weight], dict[str, str]]:
    first: dict[Any, Weight] = {}
    owner: dict[str, str] = {}
    for name, tensor in named:
        key = _identity(tensor) or name
        if key in first:
            weight = first[key]
            weight.aliases = (*weight.aliases, name)
        else:
            trainable = isinstance(tensor, torch.nn.Parameter) and tensor.requires_grad
            first[key] = weight = Weight(name, to_numpy(tensor), trainable)
        owner[name] = weight.name
    return list(first.values()), owner


def _identity(tensor: torch.Tensor) -> Any:
    """What two names of one storage have in common; None for an array without elements."""
    if not tensor.numel():
        return None
    return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype

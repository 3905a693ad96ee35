"""What torch says when it cannot follow a model, as one error that names the line and the remedy."""

from __future__ import annotations

import contextlib
import copy
import os
import traceback
import warnings
from typing import Any

import sympy
import torch

import multiback
import multiback_torch
from multiback.errors import ArgumentError, MultibackError, UnsupportedModel
from multiback_torch.importer.inputs import Inputs

_TORCH = os.path.join(os.path.dirname(torch.__file__), "")
_NOT_A_PERSONS = (
    _TORCH,
    *(os.path.join(os.path.dirname(f), "") for f in (multiback.__file__, multiback_torch.__file__, sympy.__file__)),
    os.path.dirname(contextlib.__file__),
)


def explained(module: torch.nn.Module, inputs: Inputs, error: Exception) -> MultibackError:
    """The error to raise when `torch.export` failed on a module."""
    if isinstance(error, MultibackError):
        return error
    name = type(module).__name__
    try:
        _run(module, inputs)
    except Exception as own:
        return wrong_inputs(name, inputs, own)
    place = user_place(error)
    at = f" at {place}" if place else ""
    if _depends_on_data(error):
        return UnsupportedModel(
            f"{name} decides by the numbers in a tensor{at} ({_first(error)}). A program has no numbers to decide by: "
            "use torch.where, torch.cond or a fixed size there, or take the decision out of forward()."
        )
    return UnsupportedModel(
        f"torch.export cannot follow {name}{at}: {type(error).__name__}: {_first(error)}. "
        "Make that part of forward() of tensors and torch functions alone."
    )


def wrong_inputs(name: str, inputs: Inputs, error: Exception) -> ArgumentError:
    """The error for example inputs that the module itself does not take."""
    return ArgumentError(
        f"{name} does not run on the example inputs ({_listed(inputs)}): {type(error).__name__}: {_first(error)}. "
        "Pass inputs that the module itself takes: a tuple of arguments, a dict of arguments by name, or both."
    )


def changed_input(name: str) -> UnsupportedModel:
    """The error for a model that writes into its arguments."""
    return UnsupportedModel(
        f"The model changes its input {name!r} in place. Let it work on a copy (x = x.clone()) and return that."
    )


def _run(module: torch.nn.Module, inputs: Inputs) -> None:
    state = torch.get_rng_state()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            copied = inputs.mapped(lambda t: t.clone())
            copy.deepcopy(module)(*copied.args, **copied.kwargs)
    finally:
        torch.set_rng_state(state)


def _listed(inputs: Inputs) -> str:
    return ", ".join(f"{str(t.dtype).removeprefix('torch.')}{list(t.shape)}" for t in inputs.tensors)


def _first(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _depends_on_data(error: BaseException) -> bool:
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in chain:
        chain.append(step)
        step = step.__cause__ or step.__context__
    marks = ("data-dependent", "data dependent", "DataDependent", "Dynamic control flow", "_local_scalar_dense")
    return any(mark in f"{type(e).__name__} {e}" for e in chain for mark in marks)


def user_place(error: BaseException) -> str:
    """`file:line` of the last line outside torch where an error passed, or an empty string."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(_NOT_A_PERSONS) and not frame.filename.startswith("<"):
            return f"{frame.filename}:{frame.lineno}"
    return ""


def node_place(node: Any) -> str:
    """`file:line` of the last line of a person's code that led to a node, or the node's name."""
    lines = [x.strip() for x in (node.meta.get("stack_trace") or "").splitlines() if x.strip().startswith("File ")]
    for line in reversed(lines):
        path, _, rest = line.removeprefix('File "').partition('", line ')
        if not path.startswith(_TORCH):
            return f"{path}:{rest.split(',')[0]}"
    return str(node.name)

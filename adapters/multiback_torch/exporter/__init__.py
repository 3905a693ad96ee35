"""Models as `torch.nn.Module`s, and as PyTorch source."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from multiback.errors import ArgumentError
from multiback.graph.ir import Graph
from multiback.porting.exporting import random_inputs
from multiback.porting.imported import NativeModel
from multiback.porting.source import Source
from multiback.porting.source import write as write_text
from multiback.porting.source.running import Printed, run_source
from multiback.porting.source.unsupported import unsupported_ops
from multiback_torch.exporter.running import Runner, tensor
from multiback_torch.exporter.target import TorchTarget

__all__ = ["TARGET", "check_name", "dump", "native", "unsupported", "write"]

TARGET = TorchTarget()


def dump(model: Any, *, training: bool = True, copy: bool = True) -> torch.nn.Module:
    """The model as a `torch.nn.Module`: the source that `to_source("torch")` writes, run, with the model's weights.

    Its `state_dict()` has the original names of an imported model. `train()` and `eval()` choose the form; it is in the
    form for inference. `module.source` is the text.

    Arguments:
        model: Built.
        training: Whether the form for training is written too.
        copy: Whether the module's weights are copies; otherwise they share memory with arrays of the host where the
            layout is the same.

    Raises:
        UnsupportedModel: if the model has ops that cannot be written.
    """
    source = write_text(model, TARGET, training=training)
    return made(source, source.arrays, copy=copy)


def made(source: Source, arrays: Mapping[str, np.ndarray], *, copy: bool = True) -> torch.nn.Module:
    """The module that a source defines, with these arrays as weights."""
    defined = run_source(source)
    # By this name pickle and inspect find the module's classes again.
    sys.modules[defined.__name__] = defined
    module = getattr(defined, source.name)()
    state = {name: tensor(array, copy) for name, array in arrays.items()}
    module.load_state_dict(state, assign=True)
    for name, holder in source.ties.items():
        below, _, parameter_name = name.rpartition(".")
        setattr(module.get_submodule(below), parameter_name, module.get_parameter(holder))
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(source.trainable[name] and parameter.is_floating_point())
    module.source = source.text
    return module.eval()


def native(result: torch.nn.Module, model: Any) -> NativeModel:
    """The module as a verification runs it."""

    def weights() -> Mapping[str, np.ndarray]:
        return {name: value.detach().cpu().numpy() for name, value in result.state_dict().items()}

    return Printed(model, TARGET, weights, Runner)


def unsupported(graph: Graph) -> Mapping[str, int]:
    """The ops of a graph that cannot be written, with their counts."""
    return Counter(unsupported_ops(graph, TARGET))


def check_name(path: str) -> None:
    """Checks that a name is that of an exported program.

    Raises:
        ArgumentError: if it does not end in `.pt2`.
    """
    if not str(path).endswith(".pt2"):
        raise ArgumentError(f"An exported program's name ends in '.pt2', got {path!r}.")


def write(result: torch.nn.Module, path: str, model: Any) -> None:
    """Writes the module's form for inference as an exported program, with any batch size."""
    program = exported(result, model)
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(suffix=".pt2", dir=folder)
    os.close(handle)
    try:
        torch.export.save(program, temporary)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def exported(module: torch.nn.Module, model: Any) -> torch.export.ExportedProgram:
    """The module through `torch.export`, its symbolic sizes free."""
    from multiback import tree
    from multiback.graph.dims import Dim
    from multiback.porting.forward import forward_graph

    form = forward_graph(model, False)
    args, kwargs = random_inputs(model, rows=3)
    arrays: Sequence[Any] = [x for x in tree.leaves((args, kwargs)) if hasattr(x, "shape")]
    names = {n.name for v in form.graph.arguments for n in v.shape if isinstance(n, Dim) and n.name}
    sizes = dict.fromkeys(names, torch.export.Dim.AUTO)
    shapes = tuple(
        {axis: sizes[n.name] for axis, n in enumerate(v.shape) if isinstance(n, Dim) and n.name}
        for v in form.graph.arguments
    )
    tensors = tuple(tensor(np.asarray(x), True) for x in arrays)
    return torch.export.export(module, tensors, dynamic_shapes=shapes, strict=False)

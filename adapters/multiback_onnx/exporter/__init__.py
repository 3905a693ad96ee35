"""Models as ONNX files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto

from multiback.errors import ArgumentError, PortError
from multiback.graph.inline import resized
from multiback.graph.ir import Graph
from multiback.porting import structure
from multiback.porting.forward import forward_graph
from multiback.porting.imported import NativeModel
from multiback_onnx.exporter import files
from multiback_onnx.exporter.build import Program, build, lacking, prepared, result_names
from multiback_onnx.importer.native import OnnxNative

__all__ = ["OLDEST", "check_name", "dump", "native", "unsupported", "write"]

OLDEST = 18
DEFAULT = 20


def dump(
    model: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    opset: int = DEFAULT,
    dynamic_batch: bool = True,
    sizes: Mapping[str, int] | None = None,
    external_data: bool | None = None,
    **options: Any,
) -> ModelProto:
    """The forward pass of a model, as it is outside of training, in ONNX.

    Weights are initializers under their own names and in their own layout; nodes carry the path of their layer. Axes of
    unknown size, such as the batch, are symbolic. What is random is drawn from the state that the model has now.

    Arguments:
        model: Built, made of layers or imported.
        path: A name for the file, which is put in place whole or not at all; None writes none.
        opset: The version of ONNX's operators, 18 or later.
        dynamic_batch: Whether the batch stays symbolic; else it is 1, or what `sizes` says.
        sizes: Numbers for symbolic sizes, by name.
        external_data: Whether weights go into a file of their own beside it, `<path>.data`; None: where they are too
            large for one file.

    Returns:
        The `onnx.ModelProto`, which passed ONNX's checker.

    Raises:
        NotBuiltError: if the model does not know what it is called on.
        UnsupportedModel: for ops and dtypes that ONNX does not have, all of them at once.
        ArgumentError: for another version.
        SavingError: if the file cannot be written; then nothing is.

    Example:
        >>> dump(model, "digits.onnx")
    """
    if options:
        raise ArgumentError(f"to_onnx() has no argument {next(iter(options))!r}.")
    newest = onnx.defs.onnx_opset_version()
    if isinstance(opset, bool) or not isinstance(opset, int) or not OLDEST <= opset <= newest:
        raise ArgumentError(
            f"opset must be {OLDEST} to {newest}, the newest that the installed onnx has; got {opset!r}."
        )
    forward = forward_graph(model)
    graph = forward.graph
    known = {**({} if dynamic_batch else {"batch": 1}), **(sizes or {})}
    if known:
        graph = resized(graph, known)
    weights = {name: v.numpy() for name, v in zip(forward.names, forward.variables)}
    if len(weights) != len(forward.variables):
        raise PortError(f"Model {model.name!r} has weights of one name: {', '.join(forward.names)}.")
    paths = structure.mark_paths(forward.results)
    given = getattr(model, "output_names", None) or [paths[i].replace("/", "_") for i in sorted(paths)]
    named = all(name and not str(name).isdigit() for name in given)
    outputs = result_names(graph, [str(n) for n in given] if named else [])
    metadata = {"multiback_version": _version(), "model_class": type(model).__name__}
    made = build(Program(model.name, graph, weights, outputs, metadata), opset)
    return files.write(made, path, external_data)


class _Exported(OnnxNative):
    """An ONNX model that is called as the model that it came from."""

    def __init__(self, result: ModelProto, model: Any) -> None:
        super().__init__(result, {}, [])
        form = forward_graph(model)
        self._marks = {"tuple": [form.args, form.kwargs]}

    def forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool, float64: bool
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, one after the other; no statistics change."""
        found = structure.taken(self._marks, (args, kwargs))
        return super().forward(tuple(found[i] for i in sorted(found)), {}, training=training, float64=float64)


def native(result: ModelProto, model: Any) -> NativeModel:
    """The ONNX model as a verification runs it: in onnxruntime, or in ONNX's evaluator."""
    return _Exported(result, model)


def unsupported(graph: Graph) -> Mapping[str, int]:
    """The ops of a graph that ONNX does not have, with their counts."""
    return {name: found.count for name, found in lacking(prepared(graph, DEFAULT)).found.items()}


def check_name(path: str) -> None:
    """Checks that a name is that of an ONNX file.

    Raises:
        ArgumentError: if it does not end in `.onnx`.
    """
    if not str(path).endswith(".onnx"):
        raise ArgumentError(f"The name of an ONNX file must end in '.onnx', got {str(path)!r}.")


def write(result: ModelProto, path: str, model: Any = None, external_data: bool | None = None) -> None:
    """Writes a model that `dump` gave; the file is put in place whole or not at all."""
    files.write(result, path, external_data)


def _version() -> str:
    import multiback

    return multiback.__version__

"""Models as tf.Modules and source files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from multiback.errors import ArgumentError
from multiback.graph.ir import Graph
from multiback.porting.imported import NativeModel
from multiback.porting.source import write as write_text
from multiback.porting.source.running import Printed
from multiback.porting.source.unsupported import unsupported_ops
from multiback_tensorflow.exporter.running import Runner, made, variables
from multiback_tensorflow.exporter.target import TARGET

__all__ = ["TARGET", "check_name", "dump", "native", "unsupported", "write"]


def dump(model: Any, *, training: bool = True) -> tf.Module:
    """The model as a tf.Module: the source that `to_source("tensorflow")` writes, run, with the model's weights.

    It is called as `module(x, training=False)`, a tf.function that takes any batch; its variables have the names of the
    weights. `tf.saved_model.save(module, folder)` keeps both forms, and offers inference as the default signature.

    Arguments:
        model: Built.
        training: Whether the form for training is written too.

    Raises:
        UnsupportedModel: if the model has ops that cannot be written.
    """
    source = write_text(model, TARGET, training=training)
    module = made(source, source.arrays)
    module.source = source.text
    module._default_save_signature = module.serve
    for form in (False, True) if training else (False,):
        specs = module.serve.input_signature
        module.__call__.get_concrete_function(*specs, training=form)
    return module


def native(result: tf.Module, model: Any) -> NativeModel:
    """The module as a verification runs it."""

    def weights() -> Mapping[str, Any]:
        source = write_text(model, TARGET)
        return {name: variable.numpy() for name, variable in variables(result, source).items()}

    return Printed(model, TARGET, weights, Runner)


def unsupported(graph: Graph) -> list[str]:
    """The ops of a graph that cannot be written, once for each place where they stand."""
    return unsupported_ops(graph, TARGET)


def check_name(path: str) -> None:
    """Checks that a name can be that of a SavedModel's folder.

    Raises:
        ArgumentError: if it looks like a file's.
    """
    if "." in path.replace("\\\\", "/").rpartition("/")[2]:
        raise ArgumentError(f"A SavedModel is a folder; give a name without an ending, got {path!r}.")


def write(result: tf.Module, path: str, model: Any) -> None:
    """Writes the folder of a SavedModel."""
    tf.saved_model.save(result, path)

"""Keras 3 models, live or in `.keras` files, as models made of our layers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multiback.errors import ArgumentError, PortError, UnsupportedModel
from multiback.saving.model_files import load_model
from multiback.saving.zip_archive import CONFIG, opened, read_archive
from multiback_keras.importer.by_graph import load_graph
from multiback_keras.importer.inventory import check_classes
from multiback_keras.importer.native import KerasNative

__all__ = ["KerasNative", "load", "native"]


def load(
    source: Any,
    example_inputs: Any = None,
    *,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    **options: Any,
) -> Any:
    """A model of our layers with the structure, names, weights, compilation and optimizer state of a Keras model.

    Arguments:
        source: A live Keras 3 model on any of its backends, or the name of a `.keras` file.
        example_inputs: What a live model of a person's own classes is called on, if it does not say so itself.
        custom_objects: Classes and functions written with this package, for those in the model that are a person's
            own, by their names there.
        compile: Whether to compile it as it was, with the optimizer's state.

    Raises:
        UnsupportedModel: for classes in a file that are not known here, all of them at once. A live model with such
            classes is imported as the graph that it computes.
        PortError: if a live model is not built, or its weights did not arrive as they were.
        ArgumentError: for something else than a Keras model or a `.keras` file.
        SavingError: for a file that is damaged or malformed.

    Example:
        >>> model = load(keras.applications.MobileNetV2(weights=None))
    """
    if options:
        raise ArgumentError(f"from_keras() has no argument {next(iter(options))!r}.")
    if isinstance(source, str | os.PathLike) or hasattr(source, "read"):
        return _from_file(source, custom_objects, compile)
    if not is_keras_model(source):
        raise ArgumentError(
            f"from_keras() takes a Keras 3 model or the name of a .keras file, got {type(source).__name__}."
        )
    if not source.built:
        raise PortError(f"Keras model {source.name!r} has no weights yet. Call it once, or build(input_shape), before.")
    try:
        model = _by_layers(source, custom_objects, compile)
    except UnsupportedModel as error:
        if custom_objects:
            raise
        names = ", ".join(sorted(error.ops)) or type(source).__name__
        return load_graph(source, example_inputs, f"{names}: not known here as a layer")
    check_weights(model, source)
    return model


def _by_layers(source: Any, custom_objects: Mapping[str, Any] | None, compile: bool) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        try:
            source.save(path)
        except (NotImplementedError, TypeError, ValueError) as error:
            raise UnsupportedModel(f"Keras cannot write {source.name!r} down: {error}") from error
        return _from_file(path, custom_objects, compile)


def native(source: Any, model: Any) -> KerasNative | None:
    """A live Keras model as the verification of a port runs it; None for a file."""
    return KerasNative(source, model) if is_keras_model(source) else None


def is_keras_model(x: Any) -> bool:
    """Whether this is a Keras 3 model; Keras is not imported to find out."""
    return any(c.__name__ == "Model" and c.__module__.startswith("keras.") for c in type(x).__mro__)


def check_weights(model: Any, theirs: Any) -> None:
    """Compares all weights of a model with those of the Keras model that it came from or became.

    Raises:
        PortError: naming the first that differs in shape, dtype or any bit.
    """
    ours = list(model.weights)
    others = list(theirs.weights)
    if len(ours) != len(others):
        raise PortError(f"Model {model.name!r} has {len(ours)} weights, and {len(others)} in Keras.")
    for mine, other in zip(ours, others):
        a, b = mine.numpy(), _as_numpy(other)
        if a.shape != b.shape or a.dtype != b.dtype or a.tobytes() != b.tobytes():
            raise PortError(f"Weight {mine.path!r} of model {model.name!r} is not {other.path!r} of the Keras model.")


def _as_numpy(variable: Any) -> Any:
    from keras import ops

    return ops.convert_to_numpy(variable.value)


def _from_file(source: Any, custom_objects: Mapping[str, Any] | None, compile: bool) -> Any:
    if hasattr(source, "read"):
        start = source.tell()
        members = read_archive(source, "The file")
        source.seek(start)
        label = "The file"
    else:
        with opened(source) as file:
            members = read_archive(file, str(source))
        label = str(source)
    check_classes(members[CONFIG], label, custom_objects or {}, compile)
    return load_model(source, custom_objects, compile)

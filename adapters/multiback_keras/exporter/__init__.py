"""Models made of layers as Keras 3 models with the same layers, names, weights, compilation and optimizer state."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multiback.errors import ArgumentError, NotBuiltError, PortError
from multiback.graph.ir import Graph
from multiback.porting.imported import NativeModel
from multiback.porting.source import write as write_source
from multiback.porting.unsupported import Inventory
from multiback.saving.model_files import model_config, save_model
from multiback_keras.exporter.running import PrintedKeras, Runner, made, named_variables
from multiback_keras.exporter.target import TARGET
from multiback_keras.importer import _as_numpy, check_weights
from multiback_keras.importer.inventory import described
from multiback_keras.importer.native import KerasNative

__all__ = ["TARGET", "KerasNative", "check_name", "dump", "native", "unsupported", "write"]


def dump(model: Any, *, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, **options: Any) -> Any:
    """A Keras model that is this model, on the backend that Keras has in this process.

    Arguments:
        model: Built. One that was imported from another framework's graph becomes the model that its Keras source
            defines, with the text as its `source`.
        custom_objects: Keras classes for layers of a person's own, by their names here.
        compile: Whether the Keras model is compiled as this one is, with the optimizer's state.

    Raises:
        NotBuiltError: if the model has no weights yet.
        UnsupportedModel: for ops and layers that Keras does not have, all of them at once.
        PortError: if the weights did not arrive as they are.

    Example:
        >>> theirs = dump(model)
    """
    if options:
        raise ArgumentError(f"to_keras() has no argument {next(iter(options))!r}.")
    if not model.built:
        raise NotBuiltError(f"Model {model.name!r} has no weights yet. Call it once, or build(input_shape), before.")
    if getattr(model, "recorded", None) is not None:
        source = write_source(model, TARGET)
        theirs = made(source, source.arrays)
        theirs.source = source.text
        return theirs
    _check_expressible(model, custom_objects or {})
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        save_model(model, path)
        theirs = keras.saving.load_model(path, dict(custom_objects or {}), compile=compile)
    check_weights(model, theirs)
    return theirs


def native(theirs: Any, model: Any) -> NativeModel:
    """The Keras model that was made, as the verification of a port runs it."""
    if getattr(model, "recorded", None) is None:
        return KerasNative(theirs, model)

    def weights() -> Mapping[str, Any]:
        variables = named_variables(theirs, write_source(model, TARGET).arrays)
        return {name: _as_numpy(variable) for name, variable in variables.items()}

    return PrintedKeras(model, TARGET, weights, Runner)


def unsupported(graph: Graph) -> Mapping[str, int]:
    """The ops of a graph that cannot be written, with their counts."""
    from multiback.porting.source.unsupported import unsupported_ops

    return Counter(unsupported_ops(graph, TARGET))


def check_name(path: str) -> None:
    """Checks that a name is that of a Keras file.

    Raises:
        ArgumentError: if it does not end in `.keras`.
    """
    if not str(path).endswith(".keras"):
        raise ArgumentError(f"The name of a Keras file must end in '.keras', got {str(path)!r}.")


def write(theirs: Any, path: str, model: Any) -> None:
    """Writes a model of layers as a `.keras` file, from which Keras makes this very model; whole or not at all.

    Raises:
        PortError: for a model of a foreign graph, whose computation such a file cannot hold.
    """
    if getattr(model, "recorded", None) is not None:
        raise PortError(
            f"Model {model.name!r} is made of a foreign graph, and a .keras file holds only layers that Keras knows. "
            "Write its source: give a name that ends in '.py'."
        )
    save_model(model, path)


def _check_expressible(model: Any, custom_objects: Mapping[str, Any]) -> None:
    found = Inventory()
    for item, place in described(model_config(model), ""):
        module, name = str(item.get("module") or ""), item["class_name"]
        if name == "Operation":
            found.add(str(item["config"].get("op")), place, "an op between layers that Keras does not have")
            continue
        registered = item.get("registered_name")
        ours = not module.startswith("keras") and module != "builtins"
        if ours and name not in custom_objects and registered not in custom_objects:
            found.add(str(registered or name), place, "Keras does not have it")
    found.raise_if_any(
        "keras",
        model.name,
        'Pass Keras classes for them in custom_objects, or write the model out with to_source("keras").',
    )


def __getattr__(name: str) -> Any:
    if name == "TARGET":  # its helpers import Keras, which chooses its backend then
        from multiback_keras.exporter.target import TARGET

        return TARGET
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Weights alone, in `.weights.h5` files that Keras 3 writes and reads too."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from multiback.errors import ArgumentError, NotBuiltError, SavingError
from multiback.saving.atomic import write_file
from multiback.saving.hdf5 import read_weights, write_weights
from multiback.saving.model_files import check_name
from multiback.saving.zip_archive import WEIGHTS, opened, read_archive


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None, **kwargs: Any
) -> None:
    """Saves the weights of a model and the state of its optimizer.

    Written as `save_model` writes: the old file stays until the new one is complete and was read back.

    Arguments:
        model: Built.
        filepath: A name that ends in `.weights.h5`.
        overwrite: Whether a file that exists is replaced.
        max_shard_size: Must be None: a set of files cannot be replaced in one step.

    Raises:
        ArgumentError: for another name, or if the file exists and `overwrite` is False.
        NotBuiltError: if the model has no weights yet.
        SavingError: if the file cannot be written.

    Example:
        >>> save_weights(model, "digits.weights.h5")
    """
    from multiback.saving.state import collect

    if kwargs:
        raise ArgumentError(f"save_weights() has no argument {next(iter(kwargs))!r}.")
    if max_shard_size is not None:
        raise ArgumentError("max_shard_size is not supported: a set of files cannot be replaced in one step.")
    check_name(filepath, ".weights.h5", overwrite)
    if not model.built:
        raise NotBuiltError(f"Model {model.name!r} has no weights yet. Call it once, or build(input_shape), before.")
    buffer = io.BytesIO()
    write_weights(buffer, collect(model))
    data = buffer.getvalue()

    def verify(path: Path) -> None:
        with opened(path) as file:
            if file.read() != data:
                raise SavingError(f"{filepath} did not read back as written; it was not replaced. Check the disk.")
            read_weights(file, str(filepath))

    write_file(filepath, lambda file: file.write(data), verify)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Loads weights, and the optimizer's state if the model is compiled and the file has it.

    Layers are matched by their place in the model, not by their names. If anything does not fit, nothing changes.

    Arguments:
        model: Built.
        filepath: A `.weights.h5` or `.keras` file of this package or of Keras 3.
        skip_mismatch: Leave alone, with a warning, layers whose variables have other shapes or numbers in the file.

    Raises:
        ArgumentError: for a file of another kind.
        NotBuiltError: if the model has no weights yet.
        SavingError: if the file is damaged or does not fit the model.

    Example:
        >>> load_weights(model, "digits.weights.h5")
    """
    from multiback.saving.state import restore

    if kwargs:
        raise ArgumentError(
            f"load_weights() has no argument {next(iter(kwargs))!r}. Layers are matched by their place in the model."
        )
    name = str(filepath)
    if not name.endswith((".weights.h5", ".keras")):
        raise ArgumentError(f"Weights are loaded from files that end in '.weights.h5' or '.keras', got {filepath!r}.")
    with opened(filepath) as file:
        if name.endswith(".keras"):
            file, name = io.BytesIO(read_archive(file, name)[WEIGHTS]), f"{name}: {WEIGHTS}"
        with_optimizer = model.optimizer is not None
        sections = read_weights(file, name, lambda path: with_optimizer or path.split("/")[0] != "optimizer")
    restore(model, sections, name, skip_mismatch)

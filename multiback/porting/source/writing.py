"""A model's source as a file, with its weights beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from multiback.errors import ArgumentError, SavingError
from multiback.porting.source.file import write
from multiback.porting.source.target import Target
from multiback.saving.atomic import write_file


def write_source(
    model: Any,
    target: Target,
    path: Any = None,
    *,
    training_step: bool = False,
    weights: Any = None,
    **options: Any,
) -> str:
    """The text of a model's source; with a path, the file and beside it that of the weights.

    Arguments:
        model: Built.
        target: The framework.
        path: A name that ends in `.py`; None: nothing is written.
        training_step: Whether to write the training step of a compiled model too.
        weights: The name of the weights file; default: that of the source.
        options: As for `write`.

    Raises:
        ArgumentError: for another name, or a training step of a model that is not compiled.
    """
    name = "model.safetensors"
    if path is not None:
        path = os.fspath(path)
        if not path.endswith(".py"):
            raise ArgumentError(f"The name of a source file ends in '.py', got {path!r}.")
        name = os.path.basename(path)[:-3] + ".safetensors"
    name = name if weights is None else os.fspath(weights)
    source = write(model, target, weights=os.path.basename(name), training_step=training_step, **options)
    if path is not None:
        folder = os.path.dirname(path)
        stored = name if os.path.isabs(name) or weights is not None else os.path.join(folder, name)
        arrays = {key: np.ascontiguousarray(array) for key, array in source.arrays.items()}
        data = safetensors.numpy.save(arrays)
        write_file(stored, lambda file: file.write(data), lambda written: _check(written, data))
        text = source.text.encode()
        write_file(path, lambda file: file.write(text), lambda written: _check(written, text))
    return source.text


def _check(path: Path, meant: bytes) -> None:
    if path.read_bytes() != meant:
        raise SavingError(f"{path} does not hold what was written. Check the disk.")

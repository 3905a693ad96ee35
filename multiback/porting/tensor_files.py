"""Files of named arrays that hold no code: `.safetensors` and `.npz`."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from multiback.errors import SavingError


def read_tensors(path: str | os.PathLike[str]) -> Mapping[str, np.ndarray]:
    """The arrays of a file by name.

    Raises:
        SavingError: if it is missing, damaged, or of a kind that can hold code.
    """
    name = str(path)
    if name.endswith((".pt", ".pth", ".bin", ".ckpt", ".pkl")):
        raise SavingError(
            f"{name} is a pickle, which can run code when it is read. Read it yourself, with "
            "torch.load(path, weights_only=True) for example, and pass the dict; or convert it to .safetensors."
        )
    if not name.endswith((".safetensors", ".npz")):
        raise SavingError(f"Arrays are read from files that end in '.safetensors' or '.npz', got {name!r}.")
    if not Path(path).is_file():
        raise SavingError(f"There is no file {name!r}.")
    if name.endswith(".npz"):
        return _read_npz(path)
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
        raise SavingError(f"{name} is not a valid .safetensors file: {error}. Use an undamaged copy.") from error


def _read_npz(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    try:
        # An open file is closed whatever NumPy finds in it.
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise SavingError(f"{path} is not a valid .npz file: {error}. Use an undamaged copy.") from error

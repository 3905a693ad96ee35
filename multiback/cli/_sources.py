"""The files that a command line can read models from: which importer a name belongs to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from multiback.errors import ArgumentError, PortError

_BY_SUFFIX = {".onnx": "onnx", ".pt2": "torch", ".keras": "keras"}


def read_source(
    path: str, *, verify: Any = True, spec: str | None = None, layout: str | None = None, data: str | None = None
) -> Any:
    """The model in a file: `.onnx`, `.keras`, `.pt2`, the folder of a SavedModel, or `.safetensors` with a spec.

    Arguments:
        path: The file or folder.
        verify: As of `multiback.from_torch`.
        spec: For `.safetensors` and `.npz`: a `.keras` file, or a `.json` file that `model.to_json()` wrote.
        layout: Whose names and layouts the arrays have.
        data: A `.npz` file with inputs, by name or in order, for the verification.

    Raises:
        ArgumentError: for a file of another kind, or without the spec that it needs.
    """
    from multiback.porting.importing import bring_in

    file = Path(path)
    if not file.exists():
        raise ArgumentError(f"There is no file or folder {path!r}.")
    if file.suffix in (".safetensors", ".npz"):
        return _from_tensors(path, spec, layout)
    if spec is not None:
        raise ArgumentError(f"{path} describes its model itself; --spec belongs to .safetensors and .npz files.")
    framework = "tensorflow" if file.is_dir() else _BY_SUFFIX.get(file.suffix)
    if framework is None:
        raise ArgumentError(
            f"{path} is none of: {', '.join(_BY_SUFFIX)}, the folder of a SavedModel, .safetensors with --spec."
        )
    return bring_in(framework, path, _inputs(data), verify=verify)


def _from_tensors(path: str, spec: str | None, layout: str | None) -> Any:
    from multiback.porting.state import load_state
    from multiback.saving import load_model
    from multiback.saving.model_files import model_from_json

    if spec is None:
        raise ArgumentError(
            f"{path} holds arrays alone. Say which model they are for: --spec model.json or model.keras."
        )
    model = model_from_json(Path(spec).read_text("utf-8")) if spec.endswith(".json") else load_model(spec)
    if not model.built:
        raise PortError(f"{spec} describes a model that does not know its inputs. Give one that was built.")
    print(load_state(model, path, layout=layout))
    return model


def _inputs(data: str | None) -> Any:
    if data is None:
        return None
    with np.load(data, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def as_json(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=1)

"""ONNX files, written whole or not at all; large weights beside them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import onnx
from onnx import ModelProto, TensorProto

from multiback.errors import ArgumentError, PortError, SavingError
from multiback.saving.atomic import write_file

_LARGEST = 1_900_000_000
"""Bytes of a model in one file: protobuf ends at 2 GiB."""


def write(model: ModelProto, path: str | os.PathLike[str] | None, external_data: bool | None) -> ModelProto:
    """Checks a model, and writes it where a path is given.

    Raises:
        PortError: if ONNX's checker refuses it.
        SavingError: if a file cannot be written; what was there before stays.
    """
    size = sum(len(t.raw_data) for t in model.graph.initializer)
    apart = size > _LARGEST if external_data is None else external_data
    if path is None:
        if external_data:
            raise ArgumentError("external_data=True needs the path of a file, beside which the weights are put.")
        check(model, size)
        return model
    target = Path(path)
    check(model, size)
    if not apart:
        data = model.SerializeToString()
        write_file(target, lambda file: file.write(data), lambda file: _verify(file, data))
        return model
    weights = target.with_name(f"{target.name}.data")
    light = ModelProto()
    light.CopyFrom(model)
    blob = _moved_out(light, weights.name)
    # The weights go first: a file that names them is never there without them.
    write_file(weights, lambda file: file.write(blob), lambda file: _verify(file, blob))
    text = light.SerializeToString()
    write_file(target, lambda file: file.write(text), lambda file: _verify(file, text))
    return model


def check(model: ModelProto, size: int = 0) -> None:
    """Runs ONNX's checker, with the inference of all shapes.

    Raises:
        PortError: with what it says.
    """
    try:
        if size <= _LARGEST:
            onnx.checker.check_model(model, full_check=True)
            return
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            onnx.save_model(model, path, save_as_external_data=True, location="weights")
            onnx.checker.check_model(path, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise PortError(f"The ONNX checker refuses model {model.graph.name!r}: {error}") from error


def _moved_out(model: ModelProto, location: str) -> bytes:
    """Takes the data out of the larger initializers; what they say then is where it is."""
    parts: list[bytes] = []
    place = 0
    for tensor in model.graph.initializer:
        raw = tensor.raw_data
        if len(raw) < 1024:
            continue
        gap = -place % 64
        parts += [bytes(gap), raw]
        place += gap
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", place), ("length", len(raw))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, str(value)
        place += len(raw)
    return b"".join(parts)


def _verify(file: Path, data: bytes) -> None:
    if file.read_bytes() != data:
        raise SavingError(f"{file.name} did not read back as written; nothing was replaced. Check the disk.")

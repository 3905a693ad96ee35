"""Weights from a file, as it stands in an exported file."""

import json

import numpy as np


def read_weights(path):
    """The arrays in a .safetensors file, by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    kinds = {"F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1", "U8": "u1"}
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            kind = np.dtype(kinds.get(entry["dtype"], "?"))
            arrays[name] = np.frombuffer(data[start:end], kind).reshape(entry["shape"])
    return arrays


def set_weights(model, arrays):
    """Gives the variables of a model the arrays of their names, such as `blocks.0.kernel`."""
    for name, array in arrays.items():
        variable = model
        for part in name.split("."):
            listed = part.isdigit() and hasattr(variable, "__getitem__")
            variable = variable[int(part)] if listed else getattr(variable, f"layer_{part}" if part.isdigit() else part)
        variable.assign(array)

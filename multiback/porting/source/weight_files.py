"""Weights from a file, as it stands in an exported file that needs NumPy only."""

import json

import numpy as np


def read_weights(path):
    """The arrays in a .safetensors file, by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            arrays[name] = np.frombuffer(data[start:end], kind_of(entry["dtype"])).reshape(entry["shape"])
    return arrays


def kind_of(name):
    """The NumPy dtype of a name in a .safetensors file, such as F32, I64 or BOOL."""
    if name == "BF16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    letter, bits = name[0], name[1:]
    return np.dtype("?" if name == "BOOL" else f"{letter.lower()}{int(bits) // 8}")


def nested_weights(arrays):
    """Arrays named by paths, such as `blocks.0.kernel`, as nested dicts and lists."""
    tree = {}
    for name, array in arrays.items():
        *parts, last = name.split(".")
        node = tree
        for part in parts:
            node = node.setdefault(part, {})
        node[last] = array
    return with_lists(tree)


def with_lists(tree):
    """Nested dicts with lists for those whose keys are numbers; what is missing of a list is an empty dict."""
    if not isinstance(tree, dict):
        return tree
    tree = {key: with_lists(value) for key, value in tree.items()}
    if tree and all(key.isdigit() for key in tree):
        return [tree.get(str(i), {}) for i in range(max(map(int, tree)) + 1)]
    return tree


def set_weights(model, arrays):
    """Gives the variables of a model the arrays of their names, such as `blocks.0.kernel`."""
    for name, array in arrays.items():
        variable_of(model, name).assign(array)


def variable_of(model, name):
    """The variable of a name such as `blocks.0.kernel`."""
    found = model
    for part in name.split("."):
        listed = part.isdigit() and hasattr(found, "__getitem__")
        found = found[int(part)] if listed else getattr(found, f"layer_{part}" if part.isdigit() else part)
    return found

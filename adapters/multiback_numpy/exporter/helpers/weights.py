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

"""Reads ONNX files without trusting them: sizes are checked before anything is allocated, and only one folder is read.

A model file names no other file than its external data, which must lie inside the model's own folder, be plain files
that nothing links to from elsewhere, and be as long as the model says.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import SavingError, UnsupportedModel

LARGEST_FILE = 2**31 - 1
"""Bytes of the largest protocol buffer."""
MOST_NODES = 1_000_000
DEEPEST = 48
"""Graphs within graphs."""

_WIDEST = 2**40
"""Product of the sizes above 0 of an array without elements."""

_PLAIN = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
    11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
}  # fmt: skip
_REFUSED = {
    8: "string", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4",
    22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
}  # fmt: skip
_FIELDS = {
    "float32": "float_data", "float64": "double_data", "int64": "int64_data", "uint64": "uint64_data",
    "uint32": "uint64_data", "complex64": "float_data", "complex128": "double_data",
}  # fmt: skip


def dtype_of(number: int) -> dtypes.DType:
    """The dtype of an ONNX element type.

    Raises:
        UnsupportedModel: for strings and for floats and integers of fewer than 8 bits, or float8.
    """
    if number in _PLAIN:
        return dtypes.ALL[_PLAIN[number]]
    name = _REFUSED.get(number, f"number {number}")
    raise UnsupportedModel(
        f"The ONNX element type {name} is not supported: arrays hold bools, integers of 8 to 64 bits, float16, "
        "bfloat16, float32, float64 and complex numbers. Convert the model to one of these."
    )


def number_of(dtype: Any) -> int:
    """The ONNX element type of a dtype."""
    name = str(dtypes.as_dtype(dtype))
    return next(number for number, known in _PLAIN.items() if known == name)


def read_model(source: Any) -> tuple[Any, Path | None]:
    """The ModelProto of a path, of bytes, or itself, and the folder of its external data.

    Raises:
        SavingError: for a file that is missing, too large, or not an ONNX model.
    """
    import onnx
    from google.protobuf.message import DecodeError

    if isinstance(source, onnx.ModelProto):
        return _checked(source, "the model"), None
    if isinstance(source, bytes | bytearray | memoryview):
        data, folder, name = bytes(source), None, "the given bytes"
    else:
        path = Path(source)
        name = path.name
        try:
            size = path.stat().st_size
            if not path.is_file():
                raise SavingError(f"{path} is not a file. Give the path of an .onnx file.")
            if size > LARGEST_FILE:
                raise SavingError(f"{path} has {size} bytes; an ONNX file has at most {LARGEST_FILE}.")
            data = path.read_bytes()
        except OSError as error:
            raise SavingError(f"Cannot read {path}: {error.strerror}.") from None
        folder = path.resolve().parent
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except (DecodeError, RuntimeError, ValueError):
        raise SavingError(
            f"{name} is not an ONNX model, or it is damaged: its protocol buffer cannot be read."
        ) from None
    return _checked(model, name), folder


def _checked(model: Any, name: str) -> Any:
    if not model.HasField("graph") or not model.opset_import:
        raise SavingError(f"{name} is not an ONNX model: it has no graph, or does not say which opset it uses.")
    nodes = sum(1 for _ in all_nodes(model.graph)) + sum(
        1 for function in model.functions for _ in nodes_of(function.node)
    )
    if nodes > MOST_NODES:
        raise SavingError(f"{name} has more than {MOST_NODES} nodes.")
    if not all(isinstance(text, str) for text in _names(model)):
        raise SavingError(f"{name} has names that are not text (UTF-8). The file is damaged.")
    return model


def _names(model: Any) -> Iterator[Any]:
    """All names in a model; what is not UTF-8 is given as bytes by protobuf."""
    yield model.graph.name
    for entry in model.opset_import:
        yield entry.domain
    nodes = [*all_nodes(model.graph)]
    for function in model.functions:
        yield from (function.name, function.domain, *function.input, *function.output, *function.attribute)
        nodes += nodes_of(function.node)
    for node in nodes:
        yield from (node.op_type, node.domain, node.name, *node.input, *node.output)
        for attribute in node.attribute:
            yield from (attribute.name, attribute.ref_attr_name)
            for graph in [attribute.g, *attribute.graphs] if attribute.type in (5, 10) else ():
                yield from _names_of_values(graph)
    yield from _names_of_values(model.graph)


def _names_of_values(graph: Any) -> Iterator[Any]:
    for value in [*graph.input, *graph.output, *graph.initializer]:
        yield value.name
    for value in graph.input:
        for dim in value.type.tensor_type.shape.dim:
            yield dim.dim_param
    for tensor in graph.initializer:
        for entry in tensor.external_data:
            yield from (entry.key, entry.value)


def all_nodes(graph: Any) -> Iterator[Any]:
    """All nodes of a graph, those of graphs inside included."""
    return nodes_of(graph.node)


def nodes_of(nodes: Iterable[Any]) -> Iterator[Any]:
    """Nodes and the nodes of the graphs among their attributes, found without recursion.

    Raises:
        SavingError: for graphs nested too deeply.
    """
    waiting = [(node, 0) for node in nodes]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise SavingError(f"The model has graphs within graphs, more than {DEEPEST} deep.")
        yield node
        for attribute in node.attribute:
            for graph in [attribute.g, *attribute.graphs] if attribute.type in (5, 10) else ():
                waiting += [(inner, depth + 1) for inner in graph.node]


def array_of(tensor: Any, folder: Path | None = None, *, release: bool = False) -> np.ndarray:
    """The array in a TensorProto; external data is mapped, not copied.

    Arguments:
        tensor: The TensorProto.
        folder: Of the model's file, if it comes from one.
        release: Whether the bytes in the message may be dropped once they are read.

    Raises:
        SavingError: if the sizes do not fit, or the external data is not a plain file inside the folder.
        UnsupportedModel: for an element type that is not supported.
    """
    name = tensor.name or "a constant"
    dtype = dtype_of(tensor.data_type)
    shape = tuple(tensor.dims)
    count = 1
    for size in shape:
        if size < 0:
            raise SavingError(f"{name!r} has the shape {shape}, with a negative size. The file is damaged.")
        count *= size
    need = count * dtype.itemsize
    if not need and math.prod(size for size in shape if size) > _WIDEST:
        raise SavingError(f"{name!r} has the shape {shape}, which no array can have. The file is damaged.")
    if tensor.data_location == 1:
        return _external(tensor, folder, dtype, shape, need)
    if tensor.HasField("raw_data"):
        data = tensor.raw_data
        if len(data) != need:
            raise SavingError(
                f"{name!r} is {dtype} of shape {shape}: {need} bytes, but it has {len(data)}. Damaged file."
            )
        if release:
            tensor.ClearField("raw_data")
        return np.frombuffer(data, dtype.numpy.newbyteorder("<") if dtype.bits > 8 else dtype.numpy).reshape(shape)
    values = getattr(tensor, _FIELDS.get(dtype, "int32_data"))
    parts = 2 if dtype.kind == "c" else 1
    if len(values) != count * parts:
        raise SavingError(
            f"{name!r} has the shape {shape}, so {count} elements, but holds {len(values)}. Damaged file."
        )
    if dtype in ("float16", "bfloat16"):
        bits = np.fromiter((v & 0xFFFF for v in values), np.uint16, count)
        return bits.view(dtype.numpy).reshape(shape)
    if parts == 2:
        halves = np.asarray(values, np.float64).reshape(-1, 2)
        return (halves[:, 0] + 1j * halves[:, 1]).astype(dtype.numpy).reshape(shape)
    return np.asarray(values).astype(dtype.numpy).reshape(shape)


def _external(tensor: Any, folder: Path | None, dtype: dtypes.DType, shape: tuple[int, ...], need: int) -> np.ndarray:
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    name = tensor.name
    if folder is None:
        raise SavingError(f"{name!r} lies in the file {location!r} beside the model. Give the model's path instead.")
    path = _inside(folder, location, name)
    try:
        offset, length = int(entries.get("offset", "0")), int(entries.get("length", str(need)))
    except ValueError:
        raise SavingError(f"{name!r} has an offset or length that is not a number. The file is damaged.") from None
    try:
        # Without O_NONBLOCK, opening a pipe waits for a writer.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise SavingError(f"Cannot read {location!r}, the external data of {name!r}: {error.strerror}.") from None
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
        os.close(handle)
        raise SavingError(f"{location!r}, the external data of {name!r}, is a link or not a plain file. Refused.")
    with os.fdopen(handle, "rb") as file:
        if offset < 0 or length != need or offset + length > facts.st_size:
            raise SavingError(
                f"{name!r} is {dtype} of shape {shape}: {need} bytes, but the model asks for {length} bytes from "
                f"{offset} of {location!r}, which has {facts.st_size}. The file is damaged."
            )
        if not need:
            return np.zeros(shape, dtype.numpy)
        mapped = np.memmap(file, np.uint8, "r", offset, (length,))
    return np.asarray(mapped.view(np.ndarray)).view(dtype.numpy).reshape(shape)


def _inside(folder: Path, location: str, name: str) -> Path:
    """The path of external data, which must not lead out of the folder.

    Raises:
        SavingError: for absolute paths, `..`, links, drives and odd characters.
    """
    parts = location.split("/")
    odd = not location or any(c in location for c in "\\:\0") or any(part in ("", "..") for part in parts)
    path = folder.joinpath(*parts) if not odd else folder
    outside = odd or Path(os.path.realpath(path)) != path or not path.is_relative_to(folder)
    if outside:
        raise SavingError(
            f"{name!r} asks for external data in {location!r}. It must be a plain file inside the model's folder, "
            "without links, '..' or an absolute path. Refused."
        )
    return path

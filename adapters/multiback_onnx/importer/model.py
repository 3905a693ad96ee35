"""A model as the interpreter needs it: which initializers are weights, what the inputs are, which ops are lacking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ArgumentError, UnsupportedModel
from multiback.graph.dims import Dim, Size
from multiback.graph.ir import Spec
from multiback.porting import handlers as custom_handlers
from multiback.porting.unsupported import Inventory
from multiback_onnx.importer import registry
from multiback_onnx.importer.files import all_nodes, dtype_of, nodes_of
from multiback_onnx.importer.functions import function_of, has_function, schema_of

OLDEST_OPSET = 6
STATISTICS = {"BatchNormalization": (3, 4)}
"""Inputs that a training step replaces by new statistics: weights, but not trainable."""


@dataclass
class Roles:
    """What the initializers of a model are.

    Attributes:
        trainable: Names of floats that training updates.
        statistics: Names of floats that a training call updates.
        constants: All others.
    """

    trainable: list[str] = field(default_factory=list)
    statistics: list[str] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)


def opsets_of(model: Any, name: str) -> dict[str, int]:
    """The versions that a model uses, by domain.

    Raises:
        UnsupportedModel: for an opset that is too old, or newer than the installed `onnx` knows.
    """
    from onnx import defs

    found = {("" if entry.domain == "ai.onnx" else entry.domain): entry.version for entry in model.opset_import}
    version = found.get("")
    if version is not None and version < OLDEST_OPSET and _unchanged(model, version):
        return found
    if version is not None and not OLDEST_OPSET <= version <= defs.onnx_opset_version():
        raise UnsupportedModel(
            f"{name!r} uses opset {version}; opsets {OLDEST_OPSET} to {defs.onnx_opset_version()} can be imported. "
            "Convert it with onnx.version_converter" + (", or install a newer onnx." if version > OLDEST_OPSET else ".")
        )
    return found


def _unchanged(model: Any, version: int) -> bool:
    """Whether all ops of an older model mean what they do in the oldest opset that can be imported."""
    for node in all_nodes(model.graph):
        then, later = schema_of(node, version), schema_of(node, OLDEST_OPSET)
        if then is None or later is None or then.since_version != later.since_version:
            return False
    return True


def check_ops(model: Any, opsets: Mapping[str, int], name: str) -> None:
    """Looks through the whole model and lists every op that cannot be imported.

    Raises:
        UnsupportedModel: with all of them, how often each occurs and at which nodes.
    """
    own = {(f.domain, f.name): f for f in model.functions}
    lacking = Inventory()
    nodes: list[tuple[Any, Mapping[str, int]]] = [(node, opsets) for node in all_nodes(model.graph)]
    for function in model.functions:
        inner = {**opsets, **{o.domain: o.version for o in function.opset_import}}
        nodes += [(node, inner) for node in nodes_of(function.node)]
    for node, versions in nodes:
        _check_node(node, versions, own, lacking)
    if model.graph.sparse_initializer:
        lacking.add("sparse initializer", reason="make it dense first")
    lacking.raise_if_any("onnx", name)


def _check_node(node: Any, opsets: Mapping[str, int], own: Mapping[tuple[str, str], Any], lacking: Inventory) -> None:
    domain = "" if node.domain == "ai.onnx" else node.domain
    version = opsets.get(domain, opsets.get("", 1))
    if node.op_type in custom_handlers.custom("onnx") or (node.domain, node.op_type) in own:
        return
    if registry.find(node.domain, node.op_type, version):
        return
    shown = f"{domain}.{node.op_type}" if domain else node.op_type
    if not has_function(node, version, own):
        lacking.add(shown, node.name)
        return
    seen: set[tuple[str, str]] = {(domain, node.op_type)}
    waiting = [node]
    while waiting:
        body = _body(waiting.pop(), opsets, own)
        for inner in nodes_of(body.node) if body is not None else ():
            pair = (inner.domain, inner.op_type)
            if pair in seen or registry.find(*pair, version):
                continue
            seen.add(pair)
            if has_function(inner, version, own):
                waiting.append(inner)
            else:
                lacking.add(inner.op_type, node.name, f"in the definition of {shown}")


def _body(node: Any, opsets: Mapping[str, int], own: Mapping[tuple[str, str], Any]) -> Any:
    return function_of(node, opsets.get(node.domain, opsets.get("", 1)), None, own)


def roles_of(
    graph: Any,
    arrays: Mapping[str, np.ndarray],
    opsets: Mapping[str, int],
    trainable: Callable[[str, np.ndarray], bool] | None,
) -> Roles:
    """Which initializers are weights.

    A float array is a weight that training updates, unless it is the running mean or variance of a normalization, a
    single number without axes, or only ever an operand that is a fixed number by its meaning, as the bounds of Clip.
    """
    fixed: set[str] = set()
    free: set[str] = {output.name for output in graph.output}
    statistics: set[str] = set()
    for node in all_nodes(graph):
        entry = registry.find(node.domain, node.op_type, opsets.get(node.domain, opsets.get("", 1)))
        for index, name in enumerate(node.input):
            if index in STATISTICS.get(node.op_type, ()):
                statistics.add(name)
            elif entry is not None and index in entry.constants:
                fixed.add(name)
            else:
                free.add(name)
    roles = Roles()
    for name, array in arrays.items():
        if dtypes.as_dtype(array.dtype).kind != "f":
            roles.constants.append(name)
        elif name in statistics:
            roles.statistics.append(name)
        elif trainable is not None and trainable(name, array):
            roles.trainable.append(name)
        elif trainable is not None or not array.ndim or (name in fixed and name not in free):
            roles.constants.append(name)
        else:
            roles.trainable.append(name)
    return roles


def example_shapes(graph: Any, example_inputs: Any, known: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The shapes of example inputs by name."""
    if example_inputs is None:
        return {}
    if isinstance(example_inputs, Mapping):
        return {name: tuple(np.shape(array)) for name, array in example_inputs.items()}
    arrays = example_inputs if isinstance(example_inputs, tuple | list) else (example_inputs,)
    names = [value.name for value in graph.input if value.name not in known]
    return {name: tuple(array.shape) for name, array in zip(names, arrays) if hasattr(array, "shape")}


def inputs_of(
    graph: Any,
    given: Mapping[str, Any] | None,
    dynamic_batch: bool,
    known: Mapping[str, Any],
    examples: Mapping[str, tuple[int, ...]],
    notes: list[str],
) -> dict[str, Any]:
    """The model's inputs in order: a `Spec` each, or an array where the value is given.

    Raises:
        ArgumentError: for a given input that does not exist or does not fit.
    """
    given = dict(given or {})
    declared = [value for value in graph.input if value.name not in known]
    if extra := set(given) - {value.name for value in declared}:
        names = ", ".join(repr(value.name) for value in declared)
        raise ArgumentError(f"The model has no input {', '.join(map(repr, sorted(extra)))}. Its inputs: {names}.")
    symbols: dict[str, Size] = {}
    found: dict[str, Any] = {}
    for value in declared:
        if not value.type.HasField("tensor_type"):
            raise UnsupportedModel(f"The input {value.name!r} is a sequence, optional or map; inputs must be arrays.")
        dtype = dtype_of(value.type.tensor_type.elem_type)
        shape = given.get(value.name)
        if isinstance(shape, np.ndarray | np.generic):
            found[value.name] = np.asarray(shape).astype(dtype.numpy, copy=False)
        elif isinstance(shape, Spec):
            found[value.name] = shape
        elif shape is not None:
            found[value.name] = Spec(tuple(_given_size(size) for size in shape), dtype)
        else:
            found[value.name] = Spec(
                _declared_shape(value, dynamic_batch, symbols, examples.get(value.name), notes), dtype
            )
    return found


def _given_size(size: Any) -> Size:
    if size is None:
        return Dim.named("batch")
    return Dim.named(size) if isinstance(size, str) else size if isinstance(size, Dim) else int(size)


def _declared_shape(
    value: Any, dynamic_batch: bool, symbols: dict[str, Size], example: tuple[int, ...] | None, notes: list[str]
) -> tuple[Size, ...]:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape") and example is not None:
        return (Dim.named("batch"), *example[1:]) if dynamic_batch and example else example
    if not tensor.HasField("shape"):
        raise ArgumentError(
            f"The model does not say the shape of its input {value.name!r}. Give it: "
            f"inputs={{{value.name!r}: (None, ...)}}, None for the batch."
        )
    shape: list[Size] = []
    for axis, dim in enumerate(tensor.shape.dim):
        if dim.HasField("dim_value"):
            shape.append(dim.dim_value)
            if axis == 0 and dynamic_batch and dim.dim_value == 1 and len(tensor.shape.dim) > 1:
                notes.append(
                    f"The model fixes the first size of {value.name!r} at 1. If it is a batch, and the nodes allow "
                    f"other sizes, import it with inputs={{{value.name!r}: (None, ...)}}."
                )
        elif axis == 0 and dynamic_batch:
            shape.append(symbols.setdefault(dim.dim_param, Dim.named("batch")) if dim.dim_param else Dim.named("batch"))
        elif dim.dim_param:
            shape.append(symbols.setdefault(dim.dim_param, Dim.named(_cleaned(dim.dim_param))))
        elif example is not None and len(example) == len(tensor.shape.dim):
            shape.append(example[axis])
        else:
            raise ArgumentError(
                f"The model does not say size {axis} of its input {value.name!r}. Give its shape: "
                f"inputs={{{value.name!r}: (None, 3, 224, 224)}}, for example."
            )
    return tuple(shape)


def _cleaned(name: str) -> str:
    cleaned = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
    return cleaned if cleaned and not cleaned[0].isdigit() and cleaned != "batch" else f"size_{cleaned}"


def folder_name(folder: Path | None, source: Any, graph: Any) -> str:
    """A name for the model: its file's, else its graph's."""
    if isinstance(source, str | Path) and folder is not None:
        return Path(source).stem
    return graph.name or "onnx_model"

"""Variables: reading, assigning, gathering from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import ops
from multiback.porting.host_values import sizes
from multiback_tensorflow.importer.interpreter import Context, operand
from multiback_tensorflow.importer.tables.indexing import gather, gather_nd

Handler = Callable[..., Any]


def _read(context: Context, node: Any, function: Any, handle: Any) -> Any:
    return context.weights[handle.name].value


def _assign(combine: Handler) -> Handler:
    def handler(context: Context, node: Any, function: Any, handle: Any, value: Any) -> None:
        weight = context.weights[handle.name]
        weight.assign(combine(weight, operand(value, node.attributes.get("dtype"))))

    return handler


def _gather(context: Context, node: Any, function: Any, handle: Any, indices: Any) -> Any:
    batch = node.attributes["batch_dims"]
    return gather(context.weights[handle.name].value, operand(indices), batch, batch)


def _gather_nd(context: Context, node: Any, function: Any, handle: Any, indices: Any) -> Any:
    return gather_nd(context.weights[handle.name].value, operand(indices))


def _scatter(reduction: str | None, sign: int = 1, coordinates: bool = False) -> Handler:
    def handler(context: Context, node: Any, function: Any, handle: Any, indices: Any, updates: Any) -> None:
        weight = context.weights[handle.name]
        indices, updates = operand(indices), operand(updates)
        indices = indices if coordinates else ops.expand_dims(indices, -1)
        wanted = (*indices.shape[:-1], *weight.shape[indices.shape[-1] :])
        updates = ops.broadcast_to(updates, wanted) if updates.shape != wanted else updates
        updates = ops.negative(updates) if sign < 0 else updates
        weight.assign(ops.scatter_update(weight.value, indices, updates, reduction))

    return handler


def _shape(context: Context, node: Any, function: Any, handle: Any) -> Any:
    return sizes(tuple(context.weights[handle.name].shape), node.attributes["out_type"])


CONTEXTUAL: dict[str, Handler] = {
    "AssignAddVariableOp": _assign(lambda weight, value: ops.add(weight.value, value)),
    "AssignSubVariableOp": _assign(lambda weight, value: ops.subtract(weight.value, value)),
    "AssignVariableOp": _assign(lambda weight, value: value),
    "DisableCopyOnRead": lambda *_: None,
    "ReadVariableOp": _read,
    "ResourceGather": _gather,
    "ResourceGatherNd": _gather_nd,
    "ResourceScatterAdd": _scatter("add"),
    "ResourceScatterMax": _scatter("max"),
    "ResourceScatterMin": _scatter("min"),
    "ResourceScatterMul": _scatter("mul"),
    "ResourceScatterNdAdd": _scatter("add", 1, True),
    "ResourceScatterNdMax": _scatter("max", 1, True),
    "ResourceScatterNdMin": _scatter("min", 1, True),
    "ResourceScatterNdSub": _scatter("add", -1, True),
    "ResourceScatterNdUpdate": _scatter(None, 1, True),
    "ResourceScatterSub": _scatter("add", -1),
    "ResourceScatterUpdate": _scatter(None),
    "VarIsInitializedOp": lambda *_: np.asarray(True),
    "VariableShape": _shape,
}
"""Handlers that see the context and the node before the inputs."""

WRITING = frozenset(name for name in CONTEXTUAL if name.startswith(("Assign", "ResourceScatter")))
"""Ops that change the variable that is their first input."""

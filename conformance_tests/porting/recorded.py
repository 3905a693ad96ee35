"""A small foreign program, written here: what importers hand to the hub."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.porting import Imported, Weight
from multiback.porting.scopes import module_scope

RANDOM = np.random.default_rng(7)
KERNEL = RANDOM.normal(size=(3, 4)).astype("float32")
TABLE = RANDOM.normal(size=(1, 300)).astype("float32")
X = RANDOM.normal(size=(5, 4)).astype("float32")


def program(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
    """y = dropout(x K^T) + mean, with a moving mean, a large constant, and sizes that follow the batch."""
    (x,) = args
    with module_scope("head", "Linear"):
        y = ops.matmul(x, ops.transpose(weights["head.weight"]))
    if training:
        y = ops.dropout(y, key(), 0.5)
        weights["mean"].assign(ops.add(ops.multiply(weights["mean"], 0.9), ops.mean(x, axis=0)[:3] * 0.1))
    flat = ops.reshape(y, (x.shape[0] * 3,))
    return {"y": ops.add(y, weights["mean"]), "rest": (flat, None, ops.add(ops.sum(TABLE), ops.sum(y)))}


def imported(**changes: Any) -> Imported:
    """The program with its weights."""
    parts: dict[str, Any] = {
        "name": "Net",
        "framework": "elsewhere",
        "weights": [
            Weight("head.weight", KERNEL.copy(), True, ("tied.weight",)),
            Weight("mean", np.zeros(3, "float32"), False),
        ],
        "args": (Spec((Dim.named("batch"), 4), dtypes.float32),),
        "kwargs": {"scale": None},
        "program": program,
    }
    return Imported(**{**parts, **changes})

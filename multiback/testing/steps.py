"""How far one training step on a backend is from the same step in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import tree
from multiback.graph import passes
from multiback.testing.op_graphs import reference


def reference_step(model: Any, x: Any, y: Any = None, sample_weight: Any = None) -> dict[Any, np.ndarray]:
    """The state after one `train_step`, computed in float64 on the NumPy reference from the model's present state.

    Arguments:
        model: Compiled; it is not changed.
        x, y, sample_weight: One batch.

    Returns:
        New values by Variable, in float64 (integers as they are).
    """
    batch = model._batch(x, y, sample_weight)
    traced = model._step("train_step", batch).program(batch).trace
    state = [v.numpy() for v in traced.variables]
    arrays = [a for a in tree.leaves(tuple(batch)) if a is not None]
    wide = [a.astype(np.float64) if a.dtype.kind not in "biu" else a for a in [*state, *arrays]]
    graph = traced.graph
    pure = graph.replace(outputs=graph.outputs[: len(graph.updates)], state=0, updates=())
    outputs = reference(passes.dead_code(pure))(*wide)
    return dict(zip(traced.updated, outputs))


def one_step_distance(model: Any, x: Any, y: Any = None, sample_weight: Any = None) -> float:
    """The distance of a model's next update from the float64 reference, relative to the update: |w - w64| / |w64 - w0|.

    Arguments:
        model: Compiled; it is advanced by one step.
        x, y, sample_weight: One batch.

    Returns:
        The 2-norm over all trainable weights, relative to that of the reference update.

    Example:
        >>> one_step_distance(model, x[:32], y[:32]) < 1e-3
        True
    """
    want = reference_step(model, x, y, sample_weight)
    weights = model.trainable_variables
    before = [v.numpy().astype(np.float64) for v in weights]
    model.train_on_batch(x, y, sample_weight)
    error = sum(np.sum((v.numpy().astype(np.float64) - want[v]) ** 2) for v in weights)
    update = sum(np.sum((want[v] - old) ** 2) for v, old in zip(weights, before))
    return float(np.sqrt(error / update))

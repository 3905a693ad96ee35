"""How many floating-point operations a step of a workload takes, by multiback's count of its graph."""

from dataclasses import replace
from typing import Any

from workloads import Chunks, Workload, arrays


def operations(workload: Workload) -> dict[str, Any]:
    """Operations of a training step, forward and backward without the optimizer, and of a prediction.

    A multiplication and an addition are two. Nothing is run: the model's graphs are traced and counted.
    """
    from peers.keras_api import KerasApiPeer

    import multiback
    from multiback.profiling import costs

    one_batch = replace(workload, train=Chunks(1, 1), predict=Chunks(1, 1))
    model = KerasApiPeer(multiback, one_batch, {}, backend="numpy")._model
    inputs, targets = arrays(one_batch)
    x = inputs if len(inputs) > 1 else inputs[0]
    counts = {}
    for phase, name in (("train", "train_step"), ("predict", "predict_step")):
        batch = model._batch(x, targets if phase == "train" else None)
        counted = costs(model._step(name, batch).program(batch).trace.graph, {"batch": workload.batch})
        counts[phase] = counted.of_phase("forward") + counted.of_phase("backward")
    return counts

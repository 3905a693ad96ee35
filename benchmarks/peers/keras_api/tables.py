"""A recommender in the Keras API."""

from typing import Any

from workloads import Workload


def recommender(api: Any, workload: Workload) -> Any:
    """A table for each identifier; their rows and the numbers go through dense layers."""
    layers, sizes = api.layers, workload.sizes
    identifiers = layers.Input(workload.inputs[0].shape, dtype="int32")
    numbers = layers.Input(workload.inputs[1].shape)
    rows = [
        layers.Embedding(limit, sizes["width"], name=f"table_{number}")(identifiers[:, number - 1])
        for number, limit in enumerate(sizes["tables"], 1)
    ]
    x = layers.Concatenate()([*rows, numbers])
    for number, units in enumerate(sizes["hidden"], 1):
        x = layers.Dense(units, activation="relu", name=f"dense_{number}")(x)
    output = layers.Dense(workload.outputs, name=f"dense_{len(sizes['hidden']) + 1}")(x)
    return api.Model([identifiers, numbers], output)


MODELS = {"recommender": recommender}

"""Multi-layer perceptrons in the Keras API."""

from typing import Any

from workloads import Workload


def mlp(api: Any, workload: Workload) -> Any:
    """Dense layers with relu, then one to the outputs."""
    layers, hidden = api.layers, workload.sizes["hidden"]
    return api.Sequential(
        [
            layers.Input(workload.input_shape),
            *(layers.Dense(units, activation="relu", name=f"dense_{n}") for n, units in enumerate(hidden, 1)),
            layers.Dense(workload.outputs, name=f"dense_{len(hidden) + 1}"),
        ]
    )


MODELS = {"mlp": mlp}

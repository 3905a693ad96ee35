"""Recurrent classifiers in the Keras API."""

from typing import Any

from workloads import Workload


def lstm(api: Any, workload: Workload) -> Any:
    """An LSTM whose last state is classified."""
    layers = api.layers
    return api.Sequential(
        [
            layers.Input(workload.input_shape),
            layers.LSTM(workload.sizes["units"], name="lstm"),
            layers.Dense(workload.outputs, name="dense"),
        ]
    )


def embedding_lstm(api: Any, workload: Workload) -> Any:
    """The same over embedded tokens."""
    layers = api.layers
    vocabulary, width = dict(workload.weights)["tokens/embeddings"]
    return api.Sequential(
        [
            layers.Input(workload.input_shape, dtype="int32"),
            layers.Embedding(vocabulary, width, name="tokens"),
            layers.LSTM(workload.sizes["units"], name="lstm"),
            layers.Dense(workload.outputs, name="dense"),
        ]
    )


def gru(api: Any, workload: Workload) -> Any:
    """A GRU whose last state is classified."""
    layers = api.layers
    return api.Sequential(
        [
            layers.Input(workload.input_shape),
            layers.GRU(workload.sizes["units"], name="gru"),
            layers.Dense(workload.outputs, name="dense"),
        ]
    )


MODELS = {"lstm": lstm, "embedding-lstm": embedding_lstm, "gru": gru}

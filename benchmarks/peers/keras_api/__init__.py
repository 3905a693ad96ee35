"""The workloads in the Keras API, for whichever module offers it: Keras 3 itself and multiback."""

import math
from typing import Any

from workloads import Array, Workload, arrays, is_statistic, named_weights

from peers.keras_api import attention, convolutional, dense, images, recurrent, tables

MODELS = {
    **dense.MODELS,
    **convolutional.MODELS,
    **recurrent.MODELS,
    **attention.MODELS,
    **images.MODELS,
    **tables.MODELS,
}


class KerasApiPeer:
    """A model of `api` trained by its own `fit`; `compile_options` go to `compile`."""

    def __init__(self, api: Any, workload: Workload, versions: dict[str, str], **compile_options: Any):
        self._batch = workload.batch
        self._inputs, self._y = arrays(workload)
        self._versions = versions
        self._parameters = 0
        self._loss = float("nan")
        self._model = MODELS[workload.kind](api, workload)
        loss, metrics = _objective(api, workload)
        self._model.compile(optimizer=api.optimizers.Adam(), loss=loss, metrics=metrics, **compile_options)
        self._set_weights(workload)

    def train(self, n_steps: int) -> None:
        count = n_steps * self._batch
        history = self._model.fit(
            self._rows(count), self._y[:count], batch_size=self._batch, epochs=1, shuffle=True, verbose=0
        )
        self._loss = float(history.history["loss"][-1])

    def predict(self, n_batches: int) -> Array:
        return self._model.predict(self._rows(n_batches * self._batch), batch_size=self._batch, verbose=0)

    def evaluate(self, n_batches: int) -> None:
        count = n_batches * self._batch
        self._model.evaluate(self._rows(count), self._y[:count], batch_size=self._batch, verbose=0)

    def loss(self) -> float:
        return self._loss

    def parameter_count(self) -> int:
        return self._parameters

    def versions(self) -> dict[str, str]:
        return self._versions

    def _rows(self, count: int) -> Array | list[Array]:
        first, *others = (x[:count] for x in self._inputs)
        return [first, *others] if others else first

    def _set_weights(self, workload: Workload) -> None:
        by_layer: dict[str, list[Array]] = {}
        for name, value in named_weights(workload).items():
            by_layer.setdefault(name.partition("/")[0], []).append(value)
        for layer, values in by_layer.items():
            self._model.get_layer(layer).set_weights(values)
        trainable = [name for name, _ in workload.weights if not is_statistic(name)]
        variables = self._model.trainable_variables
        if len(variables) != len(trainable):
            raise ValueError(f"{workload.name} has {len(variables)} trainable weights, expected {len(trainable)}")
        self._parameters = sum(math.prod(variable.shape) for variable in variables)


def _objective(api: Any, workload: Workload) -> tuple[Any, list[Any]]:
    match workload.task:
        case "classes" | "tokens":
            return api.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"]
        case "clicks":
            return api.losses.BinaryCrossentropy(from_logits=True), [api.metrics.BinaryAccuracy(threshold=0.0)]
        case "images":
            return api.losses.MeanSquaredError(), []

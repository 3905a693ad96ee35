"""The workloads in the Keras API, for whichever module offers it: Keras 3 itself and multiback."""

from typing import Any

from workloads import CLASSES, Array, Workload, data, initial_weights


class KerasApiPeer:
    """A Sequential model of `api` trained by its own `fit`; `compile_options` go to `compile`."""

    def __init__(self, api: Any, workload: Workload, versions: dict[str, str], **compile_options: Any):
        self._batch = workload.batch
        self._x, self._y = data(workload)
        self._versions = versions
        self._loss = float("nan")
        self._model = api.Sequential(_layers(api, workload))
        self._model.compile(
            optimizer=api.optimizers.Adam(),
            loss=api.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
            **compile_options,
        )
        self._model.set_weights(initial_weights(workload))

    def train(self, n_steps: int) -> None:
        rows = slice(n_steps * self._batch)
        history = self._model.fit(
            self._x[rows], self._y[rows], batch_size=self._batch, epochs=1, shuffle=True, verbose=0
        )
        self._loss = float(history.history["loss"][-1])

    def predict(self, n_batches: int) -> Array:
        return self._model.predict(self._x[: n_batches * self._batch], batch_size=self._batch, verbose=0)

    def loss(self) -> float:
        return self._loss

    def parameter_count(self) -> int:
        return sum(weight.size for weight in self._model.get_weights())

    def versions(self) -> dict[str, str]:
        return self._versions


def _layers(api: Any, workload: Workload) -> list[Any]:
    layers = api.layers
    first, last = layers.Input(workload.input_shape), layers.Dense(CLASSES)
    match workload.kind:
        case "mlp":
            return [first, *(layers.Dense(units, activation="relu") for units in workload.sizes["hidden"]), last]
        case "cnn":
            return [
                first,
                layers.Conv2D(32, 3, activation="relu"),
                layers.MaxPooling2D(2),
                layers.Conv2D(64, 3, activation="relu"),
                layers.MaxPooling2D(2),
                layers.Flatten(),
                last,
            ]
        case "lstm":
            return [first, layers.LSTM(64), last]
    raise ValueError(f"no Keras-API model for the kind {workload.kind!r}")

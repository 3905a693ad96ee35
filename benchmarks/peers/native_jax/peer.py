"""The training step, the optimizer and the losses in JAX."""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from workloads import (
    BETA_1,
    BETA_2,
    EPSILON,
    LEARNING_RATE,
    Array,
    Workload,
    arrays,
    is_statistic,
    named_weights,
)

from peers.native_jax import attention, convolutional, dense, images, recurrent, tables
from peers.native_jax.run import Run

MODELS = {
    **dense.MODELS,
    **convolutional.MODELS,
    **recurrent.MODELS,
    **attention.MODELS,
    **images.MODELS,
    **tables.MODELS,
}
# What is done once to the shared weights, where a model holds them in another form.
PREPARE = {**attention.PREPARE}
Names = tuple[list[str], list[str]]


class JaxPeer:
    def __init__(self, workload: Workload):
        self._batch = workload.batch
        self._inputs, self._y = arrays(workload)
        self._positions = math.prod(workload.target_shape)
        model = partial(MODELS[workload.kind], workload)
        values = PREPARE.get(workload.kind, lambda same: same)(named_weights(workload))
        # Lists are flattened quicker than dicts at each call; the names are put back while tracing.
        names = [name for name in values if not is_statistic(name)], [name for name in values if is_statistic(name)]
        self._predict = jax.jit(partial(_outputs, names, model))
        self._step = jax.jit(partial(_train_step, workload.task, names, model), donate_argnums=0)
        weights, statistics = ([jnp.asarray(values[name]) for name in group] for group in names)
        self._state: dict[str, Any] = {
            "weights": weights,
            "statistics": statistics,
            "mean": [jnp.zeros_like(weight) for weight in weights],
            "square": [jnp.zeros_like(weight) for weight in weights],
            "count": jnp.zeros((), jnp.int32),
        }
        # Only a model that draws random numbers pays for a key.
        if workload.random:
            self._state["key"] = jax.random.key(0)
        self._rng = np.random.default_rng(0)
        self._loss = float("nan")

    def train(self, n_steps: int) -> None:
        batch = self._batch
        order = self._rng.permutation(n_steps * batch)
        state = {**self._state, "loss_sum": jnp.zeros(()), "correct": jnp.zeros((), jnp.int32)}
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            state = self._step(state, [x[rows] for x in self._inputs], self._y[rows])
        self._loss = float(state.pop("loss_sum")) / n_steps
        self.accuracy = int(state.pop("correct")) / len(order) / self._positions
        self._state = jax.block_until_ready(state)

    def predict(self, n_batches: int) -> Array:
        batch, weights, statistics = self._batch, self._state["weights"], self._state["statistics"]
        outputs = [
            self._predict(weights, statistics, [x[start : start + batch] for x in self._inputs])
            for start in range(0, n_batches * batch, batch)
        ]
        return np.concatenate(outputs)

    def loss(self) -> float:
        return self._loss

    def parameter_count(self) -> int:
        return sum(weight.size for weight in self._state["weights"])

    def versions(self) -> dict[str, str]:
        return {"jax": jax.__version__}


def _named(names: Names, weights: list[jax.Array], statistics: list[jax.Array]) -> dict[str, jax.Array]:
    return dict(zip([*names[0], *names[1]], [*weights, *statistics], strict=True))


def _outputs(names: Names, model: Any, weights: Any, statistics: Any, inputs: list[jax.Array]) -> jax.Array:
    return model(Run(_named(names, weights, statistics)), *inputs)


def _train_step(
    task: str, names: Names, model: Any, state: dict[str, Any], inputs: list[jax.Array], y: jax.Array
) -> dict[str, Any]:
    new = dict(state)
    key = None
    if "key" in state:
        new["key"], key = jax.random.split(state["key"])

    def loss_of(weights: list[jax.Array]) -> tuple[jax.Array, tuple[jax.Array, list[jax.Array]]]:
        run = Run(_named(names, weights, state["statistics"]), training=True, key=key)
        outputs = model(run, *inputs)
        return _loss(task, outputs, y), (outputs, [run.statistics[name] for name in names[1]])

    (loss, (outputs, new["statistics"])), gradients = jax.value_and_grad(loss_of, has_aux=True)(state["weights"])
    new["count"] = count = state["count"] + 1
    rate = LEARNING_RATE * jnp.sqrt(1 - BETA_2**count) / (1 - BETA_1**count)
    new["mean"] = [BETA_1 * m + (1 - BETA_1) * g for m, g in zip(state["mean"], gradients, strict=True)]
    new["square"] = [BETA_2 * v + (1 - BETA_2) * g * g for v, g in zip(state["square"], gradients, strict=True)]
    new["weights"] = [
        w - rate * m / (jnp.sqrt(v) + EPSILON)
        for w, m, v in zip(state["weights"], new["mean"], new["square"], strict=True)
    ]
    new["loss_sum"] = state["loss_sum"] + loss
    new["correct"] = state["correct"] + _hits(task, outputs, y)
    return new


def _loss(task: str, outputs: jax.Array, y: jax.Array) -> jax.Array:
    match task:
        case "clicks":
            return jnp.mean(jnp.maximum(outputs, 0) - outputs * y + jnp.log1p(jnp.exp(-jnp.abs(outputs))))
        case "images":
            return jnp.mean((outputs - y) ** 2)
    log_probability = jax.nn.log_softmax(outputs)
    return -jnp.mean(jnp.take_along_axis(log_probability, y[..., None], axis=-1))


def _hits(task: str, outputs: jax.Array, y: jax.Array) -> jax.Array | int:
    match task:
        case "clicks":
            return jnp.sum((outputs > 0) == (y > 0))
        case "images":
            return 0
    return jnp.sum(jnp.argmax(outputs, -1) == y)

"""Plain JAX: pure functions, one jit of the whole training step with donated state, Adam by hand."""

import os
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from workloads import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Array, Workload, data, initial_weights

TUNED = os.environ.get("BENCHMARK_TUNED") == "1"


class JaxPeer:
    def __init__(self, workload: Workload):
        self._batch = workload.batch
        self._x, self._y = data(workload)
        forward = FORWARD[workload.kind]
        self._predict = jax.jit(forward)
        self._step = jax.jit(partial(_train_step, forward), donate_argnums=0)
        weights = [jnp.asarray(weight) for weight in initial_weights(workload)]
        self._state: dict[str, Any] = {
            "weights": weights,
            "mean": [jnp.zeros_like(weight) for weight in weights],
            "square": [jnp.zeros_like(weight) for weight in weights],
            "count": jnp.zeros((), jnp.int32),
        }
        self._rng = np.random.default_rng(0)
        self._loss = float("nan")

    def train(self, n_steps: int) -> None:
        batch = self._batch
        order = self._rng.permutation(n_steps * batch)
        state = {**self._state, "loss_sum": jnp.zeros(()), "correct": jnp.zeros((), jnp.int32)}
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            state = self._step(state, self._x[rows], self._y[rows])
        self._loss = float(state.pop("loss_sum")) / n_steps
        self.accuracy = int(state.pop("correct")) / len(order)
        self._state = jax.block_until_ready(state)

    def predict(self, n_batches: int) -> Array:
        batch, weights = self._batch, self._state["weights"]
        outputs = [
            self._predict(weights, self._x[start : start + batch]) for start in range(0, n_batches * batch, batch)
        ]
        return np.concatenate(outputs)

    def loss(self) -> float:
        return self._loss

    def parameter_count(self) -> int:
        return sum(weight.size for weight in self._state["weights"])

    def versions(self) -> dict[str, str]:
        return {"jax": jax.__version__}


def _train_step(forward: Any, state: dict[str, Any], x: jax.Array, y: jax.Array) -> dict[str, Any]:
    def loss_of(weights: list[jax.Array]) -> tuple[jax.Array, jax.Array]:
        logits = forward(weights, x)
        log_probability = jax.nn.log_softmax(logits)
        return -jnp.mean(jnp.take_along_axis(log_probability, y[:, None], axis=1)), logits

    (loss, logits), gradients = jax.value_and_grad(loss_of, has_aux=True)(state["weights"])
    count = state["count"] + 1
    rate = LEARNING_RATE * jnp.sqrt(1 - BETA_2**count) / (1 - BETA_1**count)
    mean = [BETA_1 * m + (1 - BETA_1) * g for m, g in zip(state["mean"], gradients, strict=True)]
    square = [BETA_2 * v + (1 - BETA_2) * g * g for v, g in zip(state["square"], gradients, strict=True)]
    weights = [w - rate * m / (jnp.sqrt(v) + EPSILON) for w, m, v in zip(state["weights"], mean, square, strict=True)]
    return {
        "weights": weights,
        "mean": mean,
        "square": square,
        "count": count,
        "loss_sum": state["loss_sum"] + loss,
        "correct": state["correct"] + jnp.sum(jnp.argmax(logits, 1) == y),
    }


def _mlp(weights: list[jax.Array], x: jax.Array) -> jax.Array:
    *hidden, kernel, bias = weights
    for hidden_kernel, hidden_bias in zip(hidden[::2], hidden[1::2], strict=True):
        x = jax.nn.relu(x @ hidden_kernel + hidden_bias)
    return x @ kernel + bias


def _cnn(weights: list[jax.Array], x: jax.Array) -> jax.Array:
    kernel_1, bias_1, kernel_2, bias_2, kernel, bias = weights
    x = _max_pool(jax.nn.relu(_conv(x, kernel_1) + bias_1))
    x = _max_pool(jax.nn.relu(_conv(x, kernel_2) + bias_2))
    return x.reshape(x.shape[0], -1) @ kernel + bias


def _conv(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def _max_pool(x: jax.Array) -> jax.Array:
    if not TUNED:
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    # XLA's gradient of a max pool is slow on CPU; that of a maximum of strided slices is not.
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    corners = [x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]
    return jnp.maximum(jnp.maximum(corners[0], corners[1]), jnp.maximum(corners[2], corners[3]))


def _lstm(weights: list[jax.Array], x: jax.Array) -> jax.Array:
    kernel, recurrent_kernel, bias, dense_kernel, dense_bias = weights

    def cell(carry: tuple[jax.Array, jax.Array], x_t: jax.Array) -> tuple[tuple[jax.Array, jax.Array], None]:
        h, c = carry
        # Projecting the input here is faster than doing it for all time steps before the scan.
        i, f, g, o = jnp.split(x_t @ kernel + h @ recurrent_kernel + bias, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((x.shape[0], recurrent_kernel.shape[0]), x.dtype)
    (h, _), _ = lax.scan(cell, (zeros, zeros), x.swapaxes(0, 1))
    return h @ dense_kernel + dense_bias


FORWARD = {"mlp": _mlp, "cnn": _cnn, "lstm": _lstm}


def build(workload: Workload) -> JaxPeer:
    """The workload's model in JAX."""
    return JaxPeer(workload)

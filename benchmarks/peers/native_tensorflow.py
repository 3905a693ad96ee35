"""Plain TensorFlow: tf.Variables, one tf.function for the whole training step, the fused Adam kernel.

BENCHMARK_JIT=1 compiles the same functions with XLA.
"""

import os

import numpy as np
import tensorflow as tf
from workloads import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Array, Workload, data, initial_weights

JIT = os.environ.get("BENCHMARK_JIT") == "1"


class TensorFlowPeer:
    def __init__(self, workload: Workload):
        self._batch = workload.batch
        self._x, self._y = data(workload)
        self._forward = FORWARD[workload.kind]
        self._weights = [tf.Variable(weight) for weight in initial_weights(workload)]
        self._mean = [tf.Variable(tf.zeros_like(weight)) for weight in self._weights]
        self._square = [tf.Variable(tf.zeros_like(weight)) for weight in self._weights]
        self._power_1, self._power_2 = tf.Variable(1.0), tf.Variable(1.0)
        self._loss_sum, self._correct = tf.Variable(0.0), tf.Variable(0)
        x = tf.TensorSpec((workload.batch, *workload.input_shape), tf.float32)
        y = tf.TensorSpec((workload.batch,), tf.int32)
        self._step = tf.function(self._train_step, jit_compile=JIT or None).get_concrete_function(x, y)
        self._predict = tf.function(self._logits, jit_compile=JIT or None).get_concrete_function(x)
        self._rng = np.random.default_rng(0)
        self._loss = float("nan")

    def _logits(self, x: tf.Tensor) -> tf.Tensor:
        return self._forward(self._weights, x)

    def _train_step(self, x: tf.Tensor, y: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            logits = self._logits(x)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
        gradients = tape.gradient(loss, self._weights)
        power_1 = self._power_1.assign(self._power_1 * BETA_1)
        power_2 = self._power_2.assign(self._power_2 * BETA_2)
        for weight, mean, square, gradient in zip(self._weights, self._mean, self._square, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=power_1,
                beta2_power=power_2,
                lr=LEARNING_RATE,
                beta1=BETA_1,
                beta2=BETA_2,
                epsilon=EPSILON,
                grad=gradient,
            )
        self._loss_sum.assign_add(loss)
        hits = tf.argmax(logits, 1, output_type=tf.int32) == y
        self._correct.assign_add(tf.reduce_sum(tf.cast(hits, tf.int32)))

    def train(self, n_steps: int) -> None:
        batch = self._batch
        order = self._rng.permutation(n_steps * batch)
        self._loss_sum.assign(0.0)
        self._correct.assign(0)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            self._step(tf.constant(self._x[rows]), tf.constant(self._y[rows]))
        self._loss = float(self._loss_sum) / n_steps
        self.accuracy = int(self._correct) / len(order)

    def predict(self, n_batches: int) -> Array:
        batch = self._batch
        outputs = [
            self._predict(tf.constant(self._x[start : start + batch])) for start in range(0, n_batches * batch, batch)
        ]
        return np.concatenate([output.numpy() for output in outputs])

    def loss(self) -> float:
        return self._loss

    def parameter_count(self) -> int:
        return sum(weight.shape.num_elements() for weight in self._weights)

    def versions(self) -> dict[str, str]:
        return {"tensorflow": tf.__version__}


def _mlp(weights: list[tf.Variable], x: tf.Tensor) -> tf.Tensor:
    *hidden, kernel, bias = weights
    for hidden_kernel, hidden_bias in zip(hidden[::2], hidden[1::2], strict=True):
        x = tf.nn.relu(tf.nn.bias_add(x @ hidden_kernel, hidden_bias))
    return tf.nn.bias_add(x @ kernel, bias)


def _cnn(weights: list[tf.Variable], x: tf.Tensor) -> tf.Tensor:
    kernel_1, bias_1, kernel_2, bias_2, kernel, bias = weights
    for conv_kernel, conv_bias in ((kernel_1, bias_1), (kernel_2, bias_2)):
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, conv_kernel, 1, "VALID"), conv_bias))
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    return tf.nn.bias_add(tf.reshape(x, (x.shape[0], -1)) @ kernel, bias)


def _lstm(weights: list[tf.Variable], x: tf.Tensor) -> tf.Tensor:
    kernel, recurrent_kernel, bias, dense_kernel, dense_bias = (tf.convert_to_tensor(weight) for weight in weights)
    batch, time, features = x.shape
    units = recurrent_kernel.shape[0]
    # Indexing x[:, t] in the loop would make its gradient a dense array at every step; a TensorArray does not.
    inputs = tf.TensorArray(tf.float32, time, element_shape=(batch, features)).unstack(tf.transpose(x, (1, 0, 2)))

    def cell(t: tf.Tensor, h: tf.Tensor, c: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        gates = tf.nn.bias_add(inputs.read(t) @ kernel + h @ recurrent_kernel, bias)
        i, f, g, o = tf.split(gates, 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return t + 1, tf.sigmoid(o) * tf.tanh(c), c

    zeros = tf.zeros((batch, units))
    _, h, _ = tf.while_loop(lambda t, h, c: t < time, cell, (0, zeros, zeros), maximum_iterations=time)
    return tf.nn.bias_add(h @ dense_kernel, dense_bias)


FORWARD = {"mlp": _mlp, "cnn": _cnn, "lstm": _lstm}


def build(workload: Workload) -> TensorFlowPeer:
    """The workload's model in TensorFlow."""
    return TensorFlowPeer(workload)

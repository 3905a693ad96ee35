"""The training step, the optimizer and the losses in TensorFlow."""

import math
import os

import numpy as np
import tensorflow as tf
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

from peers.native_tensorflow import attention, convolutional, dense, images, recurrent, tables

JIT = os.environ.get("BENCHMARK_JIT") == "1"
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


class TensorFlowPeer:
    def __init__(self, workload: Workload):
        self._workload, self._batch, self._task = workload, workload.batch, workload.task
        self._inputs, self._y = arrays(workload)
        self._positions = math.prod(workload.target_shape)
        values = PREPARE.get(workload.kind, lambda same: same)(named_weights(workload))
        self._all = {name: tf.Variable(value, trainable=not is_statistic(name)) for name, value in values.items()}
        self._weights = [weight for weight in self._all.values() if weight.trainable]
        self._mean = [tf.Variable(tf.zeros_like(weight)) for weight in self._weights]
        self._square = [tf.Variable(tf.zeros_like(weight)) for weight in self._weights]
        self._power_1, self._power_2 = tf.Variable(1.0), tf.Variable(1.0)
        self._loss_sum, self._correct = tf.Variable(0.0), tf.Variable(0)
        inputs = [tf.TensorSpec((workload.batch, *each.shape), each.dtype) for each in workload.inputs]
        y = tf.TensorSpec((workload.batch, *workload.target_shape), workload.target_dtype)
        self._step = tf.function(self._train_step, jit_compile=JIT or None).get_concrete_function(y, *inputs)
        # Inputs only: a keyword in the signature makes every call of the concrete function fail once and try again.
        predict = tf.function(lambda *given: self._outputs(*given), jit_compile=JIT or None)
        self._predict = predict.get_concrete_function(*inputs)
        self._rng = np.random.default_rng(0)
        self._loss = float("nan")

    def _outputs(self, *inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        return MODELS[self._workload.kind](self._workload, self._all, training, *inputs)

    def _train_step(self, y: tf.Tensor, *inputs: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            outputs = self._outputs(*inputs, training=True)
            loss = tf.reduce_mean(self._losses(outputs, y))
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
                # The gradient of a table comes as rows with their indices.
                grad=tf.convert_to_tensor(gradient),
            )
        self._loss_sum.assign_add(loss)
        if self._task != "images":
            self._correct.assign_add(self._hits(outputs, y))

    def _losses(self, outputs: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        if self._task == "clicks":
            return tf.nn.sigmoid_cross_entropy_with_logits(y, outputs)
        if self._task == "images":
            return tf.math.squared_difference(outputs, y)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(y, outputs)

    def _hits(self, outputs: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        hits = (outputs > 0) == (y > 0) if self._task == "clicks" else tf.argmax(outputs, -1, tf.int32) == y
        return tf.reduce_sum(tf.cast(hits, tf.int32))

    def train(self, n_steps: int) -> None:
        batch = self._batch
        order = self._rng.permutation(n_steps * batch)
        self._loss_sum.assign(0.0)
        self._correct.assign(0)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            self._step(tf.constant(self._y[rows]), *[tf.constant(x[rows]) for x in self._inputs])
        self._loss = float(self._loss_sum) / n_steps
        self.accuracy = int(self._correct) / len(order) / self._positions

    def predict(self, n_batches: int) -> Array:
        batch = self._batch
        outputs = [
            self._predict(*[tf.constant(x[start : start + batch]) for x in self._inputs])
            for start in range(0, n_batches * batch, batch)
        ]
        return np.concatenate([output.numpy() for output in outputs])

    def loss(self) -> float:
        return self._loss

    def parameter_count(self) -> int:
        return sum(weight.shape.num_elements() for weight in self._weights)

    def versions(self) -> dict[str, str]:
        return {"tensorflow": tf.__version__}

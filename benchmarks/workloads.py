"""What is measured: shapes, data, initial weights and chunk sizes, the same for every peer."""

import math
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
CLASSES = 10
# Keras's defaults for Adam, given to every peer.
LEARNING_RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7


@dataclass(frozen=True)
class Chunks:
    """Two numbers of steps; the difference of their costs is free of the fixed cost of a call."""

    short: int
    long: int


@dataclass(frozen=True)
class Workload:
    """One model with the data it is trained on; `weights` are in Keras's order and layout."""

    name: str
    title: str
    kind: str
    input_shape: tuple[int, ...]
    batch: int
    weights: tuple[tuple[str, tuple[int, ...]], ...]
    train: Chunks
    predict: Chunks

    @property
    def parameters(self) -> int:
        """Number of trainable scalars of the model."""
        return sum(math.prod(shape) for _, shape in self.weights)

    @property
    def rows(self) -> int:
        """Number of samples that the longest chunk needs."""
        return self.batch * max(self.train.long, self.predict.long)


def data(workload: Workload) -> tuple[Array, Array]:
    """Float32 inputs of shape (rows, *input_shape) and int32 labels: noisy class centres, one label in five wrong."""
    rng = np.random.default_rng(7)
    true_labels = rng.integers(0, CLASSES, workload.rows, dtype=np.int32)
    centres = rng.standard_normal((CLASSES, *workload.input_shape), dtype=np.float32)
    noise = rng.standard_normal((workload.rows, *workload.input_shape), dtype=np.float32)
    x = 0.5 * centres[true_labels] + noise
    # Wrong labels keep the loss off zero, where subnormal gradients would be timed instead of the model.
    wrong = rng.random(workload.rows) < 0.2
    labels = np.where(wrong, rng.integers(0, CLASSES, workload.rows, dtype=np.int32), true_labels)
    return x, labels.astype(np.int32)


def initial_weights(workload: Workload) -> list[Array]:
    """Glorot-uniform kernels and zero biases, in the order of `workload.weights`."""
    rng = np.random.default_rng(11)
    return [_initial(rng, shape) for _, shape in workload.weights]


def _initial(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    if len(shape) == 1:
        return np.zeros(shape, np.float32)
    receptive = math.prod(shape[:-2])
    limit = math.sqrt(6 / (receptive * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def _dense(name: str, inputs: int, units: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return (f"{name}/kernel", (inputs, units)), (f"{name}/bias", (units,))


def _mlp(inputs: int, hidden: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return (
        *_dense("dense_1", inputs, hidden),
        *_dense("dense_2", hidden, hidden),
        *_dense("dense_3", hidden, CLASSES),
    )


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload(
            name="mlp-tiny",
            title="MLP 64-128-128-10, batch 32",
            kind="mlp",
            input_shape=(64,),
            batch=32,
            weights=_mlp(64, 128),
            train=Chunks(64, 512),
            predict=Chunks(128, 1024),
        ),
        Workload(
            name="mlp",
            title="MLP 784-1024-1024-10, batch 256",
            kind="mlp",
            input_shape=(784,),
            batch=256,
            weights=_mlp(784, 1024),
            train=Chunks(2, 16),
            predict=Chunks(4, 32),
        ),
        Workload(
            name="cnn",
            title="CNN 28x28x1, two 3x3 convolutions, batch 64",
            kind="cnn",
            input_shape=(28, 28, 1),
            batch=64,
            weights=(
                ("conv_1/kernel", (3, 3, 1, 32)),
                ("conv_1/bias", (32,)),
                ("conv_2/kernel", (3, 3, 32, 64)),
                ("conv_2/bias", (64,)),
                *_dense("dense", 5 * 5 * 64, CLASSES),
            ),
            train=Chunks(2, 16),
            predict=Chunks(8, 64),
        ),
        Workload(
            name="lstm",
            title="LSTM 64 over 20 x 32, batch 32",
            kind="lstm",
            input_shape=(20, 32),
            batch=32,
            weights=(
                ("lstm/kernel", (32, 4 * 64)),
                ("lstm/recurrent_kernel", (64, 4 * 64)),
                ("lstm/bias", (4 * 64,)),
                *_dense("dense", 64, CLASSES),
            ),
            train=Chunks(8, 64),
            predict=Chunks(16, 128),
        ),
    )
}

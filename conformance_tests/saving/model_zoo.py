"""Models written once for two libraries with the same names: built, trained a little and saved by either."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

Built = tuple[Any, Any, Any]
ZOO: dict[str, Callable[[Any], Built]] = {}


def zoo(build: Callable[[Any], Built]) -> Callable[[Any], Built]:
    ZOO[build.__name__] = build
    return build


def numbers(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def tokens(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 7, size=shape).astype("int32")


@zoo
def perceptron(lib: Any) -> Built:
    layers = lib.layers
    model = lib.Sequential(
        [
            lib.Input((6,), name="x"),
            layers.Dense(5, kernel_regularizer="l2", bias_initializer="ones"),
            layers.BatchNormalization(momentum=0.8),
            layers.Activation("relu"),
            layers.Dropout(0.25),
            layers.Dense(3, activation="softmax", kernel_constraint="max_norm"),
        ],
        name="perceptron",
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, numbers(0, 8, 6), tokens(1, 8) % 3


@zoo
def images(lib: Any) -> Built:
    layers = lib.layers
    x = inputs = lib.Input((8, 8, 2), name="image")
    x = layers.Rescaling(0.5, offset=-0.1)(x)
    x = layers.Conv2D(4, 3, padding="same", strides=2, activation="relu")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2)(x)
    x = layers.SeparableConv2D(3, 2, padding="same")(x)
    x = layers.LayerNormalization()(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2DTranspose(2, 2)(x)
    x = layers.Flatten()(x)
    x = layers.Reshape((4, 2))(x)
    x = layers.Permute((2, 1))(x)
    x = layers.Conv1D(3, 2)(x)
    x = layers.GlobalAveragePooling1D()(x)
    model = lib.Model(inputs, layers.Dense(2)(x), name="images")
    model.compile(lib.optimizers.SGD(0.05, momentum=0.9, nesterov=True), lib.losses.Huber(name="h"), metrics=["mae"])
    return model, numbers(2, 4, 8, 8, 2), numbers(3, 4, 2)


@zoo
def branches(lib: Any) -> Built:
    """Several layers of one class at several depths: their order decides where their weights lie."""
    layers = lib.layers
    a, b = lib.Input((4,), name="a"), lib.Input((4,), name="b")
    shared = layers.Dense(4, activation="tanh", name="shared")
    late = layers.Dense(4, name="late")(b)
    long = layers.Dense(4, name="third")(layers.Dense(4, name="second")(layers.Dense(4, name="first")(shared(a))))
    joined = layers.Concatenate(name="joined")([shared(b), late, long])
    mixed = (joined[:, 2:] * 2.0 + 1.0) / 3.0 - layers.Dense(10, name="side")(late)
    out = layers.Dense(1, name="head")(mixed)
    other = layers.Dense(2, name="other")(layers.Add()([late, shared(a)]))
    model = lib.Model(inputs=[a, b], outputs=[out, other], name="branches")
    rate = lib.optimizers.schedules.ExponentialDecay(0.02, 3, 0.5)
    model.compile(lib.optimizers.AdamW(rate, weight_decay=0.01), ["mse", "mae"], loss_weights=[1.0, 0.5])
    return model, [numbers(4, 6, 4), numbers(5, 6, 4)], [numbers(6, 6, 1), numbers(7, 6, 2)]


@zoo
def sequences(lib: Any) -> Built:
    layers = lib.layers
    x = inputs = lib.Input((5,), dtype="int32", name="tokens")
    x = layers.Embedding(7, 6, mask_zero=True)(x)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(5))(x)
    x = layers.GRU(4, return_sequences=True)(x)
    x = layers.SimpleRNN(3)(x)
    model = lib.Model(inputs, layers.Dense(2)(x), name="sequences")
    model.compile("rmsprop", "mse")
    return model, tokens(8, 4, 5), numbers(9, 4, 2)


@zoo
def attention(lib: Any) -> Built:
    layers = lib.layers
    x = inputs = lib.Input((5, 6), name="x")
    x = layers.LayerNormalization(epsilon=1e-6)(x + layers.MultiHeadAttention(2, 3)(x, x))
    x = x + layers.Dense(6)(layers.Dense(8, activation="gelu")(x))
    model = lib.Model(inputs, layers.Dense(2)(layers.GlobalMaxPooling1D()(x)), name="attention")
    model.compile(lib.optimizers.Adagrad(0.1), "mse")
    return model, numbers(10, 4, 5, 6), numbers(11, 4, 2)


@zoo
def nested(lib: Any) -> Built:
    """A functional model called twice, and sequential ones inside, one within the other; outputs in a dict."""
    layers = lib.layers
    h = inner_in = lib.Input((4,), name="inner_in")
    inner = lib.Model(inner_in, layers.Dense(3, activation="sigmoid", name="code")(h), name="inner")
    outer = lib.Sequential(
        [lib.Input((6,)), lib.Sequential([layers.Dense(5), layers.Dense(4)], name="deep")], name="outer"
    )
    a, b = lib.Input((4,), name="left"), lib.Input((4,), name="right")
    code = layers.Concatenate()([inner(a), inner(b)])
    y = outer(code)
    model = lib.Model({"left": a, "right": b}, {"z": inner(y), "y": layers.Dense(1, name="line")(y)}, name="nested")
    model.compile("sgd", {"z": "mse", "y": "mse"})
    data = {"left": numbers(12, 4, 4), "right": numbers(13, 4, 4)}
    return model, data, {"z": numbers(14, 4, 3), "y": numbers(15, 4, 1)}


@zoo
def operations(lib: Any) -> Built:
    """Ops between layers, with attributes."""
    layers, ops = lib.layers, lib.ops
    x = inputs = lib.Input((4, 6), name="x")
    x = ops.reshape(layers.Dense(6, name="d")(x), (-1, 6, 4))
    x = ops.transpose(x, (0, 2, 1))
    x = ops.concatenate([ops.relu(x), ops.abs(x[..., 1:3])], axis=-1)
    x = ops.clip(ops.softmax(x, axis=-1), 0.05, 0.9) - ops.mean(x, axis=(1,), keepdims=True)
    x = ops.where(ops.greater(x, 0.0), x, ops.exp(x))
    x = ops.expand_dims(ops.sum(x, axis=1), axis=-1)
    x = ops.squeeze(ops.pad(x, ((0, 0), (1, 0), (0, 0))), axis=-1)
    model = lib.Model(inputs, layers.Dense(1)(ops.maximum(x, 0.1) ** 2), name="operations")
    model.compile("adam", "mse")
    return model, numbers(16, 4, 4, 6), numbers(17, 4, 1)


def orders(lib: Any) -> list[list[str]]:
    """The order of the layers in random graphs with shared layers, several inputs and several outputs."""
    found = []
    for seed in range(30):
        draw = random.Random(seed)
        tensors = inputs = [lib.Input((2,), name=f"input_{i}") for i in range(draw.randint(1, 3))]
        dense = [lib.layers.Dense(2, name=f"dense_{i}") for i in range(draw.randint(3, 9))]
        for i in range(draw.randint(4, 14)):
            if draw.random() < 0.3:
                made = lib.layers.Add(name=f"add_{i}")([draw.choice(tensors) for _ in range(draw.randint(2, 3))])
            else:
                made = draw.choice(dense)(draw.choice(tensors))
            tensors = [*tensors, made]
        outputs = [tensors[-1], *draw.sample(tensors[len(inputs) : -1], draw.randint(0, 2))]
        found.append([layer.name for layer in lib.Model(inputs, outputs).layers])
    return found


def flat(outputs: Any) -> list[np.ndarray]:
    """Outputs as a list, those in a dict by name."""
    if isinstance(outputs, dict):
        return [np.asarray(outputs[k]) for k in sorted(outputs)]
    return [np.asarray(x) for x in outputs] if isinstance(outputs, list | tuple) else [np.asarray(outputs)]


def report(model: Any, x: Any, y: Any) -> dict[str, np.ndarray]:
    """What two libraries must agree on: outputs, loss, weights, and the optimizer's state."""
    found = {f"output_{i}": a for i, a in enumerate(flat(model.predict(x, verbose=0)))}
    loss = model.evaluate(x, y, verbose=0)
    found["loss"] = np.asarray(loss[0] if isinstance(loss, list) else loss)
    found |= {f"weight_{i}": np.asarray(v) for i, v in enumerate(model.get_weights())}
    return found | {f"slot_{i}": np.asarray(v.numpy()) for i, v in enumerate(model.optimizer.variables)}


def step(model: Any, x: Any, y: Any) -> None:
    """One step of training without randomness: dropout is switched off."""
    for layer in model.layers:
        if hasattr(layer, "rate"):
            layer.rate = 0.0
    model.train_on_batch(x, y)

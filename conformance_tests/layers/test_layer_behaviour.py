"""What single layers promise beyond their values: frozen and adapted statistics, aliases, wrappers, penalties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers, ops
from multiback.errors import ArgumentError, DataError, ShapeError, UnknownNameError
from multiback.graph.trace import as_host_array
from multiback.saving.registry import register_keras_serializable

X = np.random.default_rng(0).normal(2, 3, (64, 5)).astype(np.float32)


@pytest.fixture(autouse=True)
def on_numpy() -> Any:
    with mb.use_backend("numpy"):
        yield


def test_batch_normalization_follows_the_batch() -> None:
    layer = layers.BatchNormalization(momentum=0.9, epsilon=1e-3)
    y = layer(X, training=True)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.1 * X.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.9 + 0.1 * X.var(0), rtol=1e-5)
    want = (X - layer.moving_mean.numpy()) / np.sqrt(layer.moving_variance.numpy() + 1e-3)
    np.testing.assert_allclose(layer(X), want, rtol=1e-4, atol=1e-5)


def test_frozen_batch_normalization_uses_the_moving_statistics() -> None:
    layer = layers.BatchNormalization()
    layer(X, training=True)
    layer.trainable = False
    before = layer.get_weights()
    np.testing.assert_array_equal(layer(X, training=True), layer(X))
    for a, b in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert layer.trainable_weights == []
    layer.trainable = True
    assert not np.allclose(layer(X, training=True), layer(X))
    assert [v.name for v in layer.trainable_weights] == ["gamma", "beta"]


def test_normalization_adapts() -> None:
    layer = layers.Normalization()
    layer.adapt(X)
    np.testing.assert_allclose(layer.adapt_mean.numpy(), X.astype(np.float64).mean(0), rtol=1e-6)
    np.testing.assert_allclose(layer(X).std(0), 1, rtol=1e-5)
    batches = layers.Normalization()
    batches.adapt((X[i : i + 10], None) for i in range(0, 64, 10))
    np.testing.assert_allclose(batches.adapt_variance.numpy(), X.astype(np.float64).var(0), rtol=1e-6)
    whole = layers.Normalization(axis=None)
    whole.adapt(X)
    assert whole.adapt_mean.shape == ()
    back = layers.Normalization(invert=True)
    back.adapt(X)
    np.testing.assert_allclose(back(layer(X)), X, rtol=1e-4, atol=1e-5)
    with pytest.raises(DataError, match="no data"):
        layers.Normalization().adapt([])
    with pytest.raises(ShapeError, match="was built for"):
        layer.adapt(X[:, :3])
    with pytest.raises(ArgumentError, match="was given"):
        layers.Normalization(mean=0.0, variance=1.0).adapt(X)


def test_embedding_takes_weights() -> None:
    table = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(layers.Embedding(3, 2, weights=[table])(np.array([[2, 0]])), [[[4, 5], [0, 1]]])


def test_lambda_passes_what_the_function_takes() -> None:
    def function(x: Any, factor: float, training: bool = False) -> Any:
        return x * factor if training else x

    layer = layers.Lambda(function, arguments={"factor": 3.0})
    np.testing.assert_array_equal(layer(X), X)
    np.testing.assert_array_equal(layer(X, training=True), X * 3)
    assert layers.Lambda(lambda x: x, output_shape=(7,)).compute_output_shape((None, 5)) == (None, 7)


@register_keras_serializable("tests")
def doubled(x: Any) -> Any:
    return x * 2


def test_lambda_of_a_registered_function_is_saved_by_name() -> None:
    config = layers.serialize(layers.Lambda(doubled))
    np.testing.assert_array_equal(layers.deserialize(config)(X), 2 * X)
    config["config"]["function"]["registered_name"] = config["config"]["function"]["config"] = "os.system"
    with pytest.raises(UnknownNameError):
        layers.deserialize(config)


def test_activity_penalties_are_means_over_the_batch() -> None:
    layer = layers.ActivityRegularization(l1=0.5, l2=0.25)
    losses = mb.function(lambda x: (layer(x), layer.losses)[1], backend="numpy")(X)
    np.testing.assert_allclose(losses, [(0.5 * np.abs(X).sum() + 0.25 * (X**2).sum()) / 64], rtol=1e-5)


def test_weight_penalties() -> None:
    layer = layers.Dense(2, kernel_regularizer="l2")
    layer(X)
    np.testing.assert_allclose(as_host_array(layer.losses[0]), 0.01 * (layer.kernel.numpy() ** 2).sum(), rtol=1e-5)


def test_functions_of_merging_layers() -> None:
    for name in ("add", "average", "maximum", "minimum", "multiply", "subtract", "concatenate", "dot"):
        function, layer = getattr(layers, name), getattr(layers, name.capitalize())
        arguments = {"axes": 1} if name == "dot" else {}
        np.testing.assert_array_equal(function([X, X + 1], **arguments), layer(**arguments)([X, X + 1]))


def test_aliases() -> None:
    for alias, name in (
        ("Convolution2D", "Conv2D"), ("MaxPool2D", "MaxPooling2D"), ("AvgPool1D", "AveragePooling1D"),
        ("GlobalMaxPool2D", "GlobalMaxPooling2D"), ("GlobalAvgPool1D", "GlobalAveragePooling1D"),
        ("Convolution2DTranspose", "Conv2DTranspose"), ("SeparableConvolution1D", "SeparableConv1D"),
    ):  # fmt: skip
        assert getattr(layers, alias) is getattr(layers, name)


def test_a_wrapper_of_ones_own() -> None:
    class Twice(layers.Wrapper):
        def call(self, inputs: Any) -> Any:
            return self.layer(self.layer(inputs))

    layer = Twice(layers.Dense(5, use_bias=False, name="inner"), name="outer")
    y = layer(X)
    kernel = layer.get_weights()[0]
    np.testing.assert_allclose(y, X @ kernel @ kernel, rtol=1e-4, atol=1e-5)
    assert layer.layer.kernel.path == "outer/inner/kernel"
    assert Twice.from_config(layer.get_config()).layer.units == 5


def test_build_by_hand_is_like_the_first_call() -> None:
    built, called = layers.LSTM(3, name="same"), layers.LSTM(3, name="same")
    built.build((None, 4, 5))
    called(X[:, None])
    assert built.built
    assert [v.path for v in built.weights] == [v.path for v in called.weights]
    for a, b in zip(built.get_weights(), called.get_weights()):
        np.testing.assert_array_equal(a, b)
    count = len(built.weights)
    built.build((None, 4, 5))
    assert len(built.weights) == count


def test_build_configuration_builds() -> None:
    layer = layers.MultiHeadAttention(2, 3, name="m")
    layer(X[:, None], X[:, None])
    again = layers.deserialize(layers.serialize(layer))
    assert again.built
    assert [v.shape for v in again.weights] == [v.shape for v in layer.weights]
    assert [v.path for v in again.weights] == [v.path for v in layer.weights]


def test_time_distributed_batch_normalization_sees_each_step() -> None:
    x = np.stack([X, X * 2 + 1], axis=1)
    y = layers.TimeDistributed(layers.BatchNormalization())(x, training=True)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)


def test_rescaling_of_images() -> None:
    got = layers.Rescaling(1 / 127.5, offset=-1)(np.array([[0, 255]], np.uint8))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, [[-1, 1]], atol=1e-6)


def test_einsum_dense_spreads_its_initial_values_like_dense() -> None:
    mb.random.set_seed(0)
    layer = layers.EinsumDense("abc,cde->abde", output_shape=(None, 40, 25))
    layer.build((None, 3, 50))
    limit = np.sqrt(6 / (50 + 1000))
    assert 0.98 * limit < np.abs(layer.get_weights()[0]).max() <= limit


def test_ops_may_be_called_on_layers_outputs() -> None:
    x = mb.Input((5,))
    model = mb.Model(x, ops.relu(layers.Dense(2)(x)) + 1.0)
    assert float(model(X).min()) >= 1.0

"""Small models in the manner of the examples that Keras publishes, written for Keras: (model, inputs, targets)."""

from __future__ import annotations

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


def tokens(seed: int, high: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, high, size=shape).astype("int32")


@zoo
def text_transformer(keras: Any) -> Built:
    """Text classification with a transformer block; positions are looked up by ops between the layers."""
    layers, ops = keras.layers, keras.ops
    inputs = keras.Input((6,), dtype="int32", name="tokens")
    positions = layers.Embedding(6, 8, name="positions")(ops.cumsum(ops.ones_like(inputs), axis=1) - 1)
    x = layers.Embedding(20, 8, name="words")(inputs) + positions
    attended = layers.MultiHeadAttention(2, 4, dropout=0.1)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(x + layers.Dropout(0.1)(attended))
    fed = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(8)], name="feed_forward")(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x + layers.Dropout(0.1)(fed))
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling1D()(x))
    outputs = layers.Dense(2, activation="softmax")(layers.Dense(10, activation="relu")(x))
    model = keras.Model(inputs, outputs, name="text_transformer")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, tokens(0, 20, 4, 6), tokens(1, 2, 4)


@zoo
def seq2seq(keras: Any) -> Built:
    """Character-level translation: an LSTM encoder whose states start an LSTM decoder."""
    layers = keras.layers
    source, target = keras.Input((None, 7), name="source"), keras.Input((None, 5), name="target")
    _, h, c = layers.LSTM(8, return_state=True, name="encoder")(source)
    decoded, _, _ = layers.LSTM(8, return_sequences=True, return_state=True, name="decoder")(
        target, initial_state=[h, c]
    )
    model = keras.Model([source, target], layers.Dense(5, activation="softmax")(decoded), name="seq2seq")
    model.compile("rmsprop", "categorical_crossentropy")
    return model, [numbers(2, 3, 6, 7), numbers(3, 3, 4, 5)], np.eye(5, dtype="float32")[tokens(4, 5, 3, 4)]


@zoo
def siamese(keras: Any) -> Built:
    """One tower for two images, the distance of their codes, contrastive scores."""
    layers, ops = keras.layers, keras.ops
    inner = keras.Input((12, 12, 1))
    x = layers.BatchNormalization()(inner)
    x = layers.AveragePooling2D(2)(layers.Conv2D(4, 3, activation="tanh")(x))
    x = layers.BatchNormalization()(layers.Flatten()(x))
    tower = keras.Model(inner, layers.Dense(6, activation="tanh")(x), name="tower")
    left, right = keras.Input((12, 12, 1), name="left"), keras.Input((12, 12, 1), name="right")
    a, b = tower(left), tower(right)
    distance = ops.sqrt(ops.maximum(ops.sum(ops.square(a - b), axis=1, keepdims=True), 1e-7))
    outputs = layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(distance))
    model = keras.Model([left, right], outputs, name="siamese")
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "binary_crossentropy")
    return model, [numbers(5, 4, 12, 12, 1), numbers(6, 4, 12, 12, 1)], tokens(7, 2, 4, 1).astype("float32")


@zoo
def autoencoder(keras: Any) -> Built:
    """The encoder and the decoder of a convolutional autoencoder, as two models in one."""
    layers = keras.layers
    image = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, activation="relu", strides=2, padding="same")(image)
    x = layers.Conv2D(8, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Dense(6, activation="relu")(layers.Flatten()(x))
    encoder = keras.Model(image, [layers.Dense(2, name="mean")(x), layers.Dense(2, name="log_var")(x)], name="encoder")
    code = keras.Input((2,))
    x = layers.Reshape((2, 2, 8))(layers.Dense(32, activation="relu")(code))
    x = layers.Conv2DTranspose(8, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Conv2DTranspose(4, 3, activation="relu", strides=2, padding="same")(x)
    decoder = keras.Model(code, layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x), name="decoder")
    inputs = keras.Input((8, 8, 1), name="image")
    mean, log_var = encoder(inputs)
    model = keras.Model(inputs, [decoder(mean), log_var], name="autoencoder")
    model.compile("adam", ["mse", "mae"])
    return model, numbers(8, 3, 8, 8, 1), [numbers(9, 3, 8, 8, 1), numbers(10, 3, 2)]


@zoo
def discriminator(keras: Any) -> Built:
    """The discriminator of a DCGAN."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(4, 4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(8, 4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="discriminator",
    )
    model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.losses.BinaryCrossentropy())
    return model, numbers(11, 4, 16, 16, 3), tokens(12, 2, 4, 1).astype("float32")


@zoo
def segmentation(keras: Any) -> Built:
    """A U-Net in the style of Xception: separable convolutions, residuals, upsampling."""
    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same")(inputs)
    x = before = layers.Activation("relu")(layers.BatchNormalization()(x))
    for filters in (4, 6):
        x = layers.SeparableConv2D(filters, 3, padding="same")(layers.Activation("relu")(x))
        x = layers.MaxPooling2D(3, strides=2, padding="same")(layers.BatchNormalization()(x))
        x = before = layers.add([x, layers.Conv2D(filters, 1, strides=2, padding="same")(before)])
    for filters in (6, 4, 2):
        x = layers.Conv2DTranspose(filters, 3, padding="same")(layers.Activation("relu")(x))
        x = layers.UpSampling2D(2)(layers.BatchNormalization()(x))
        before = layers.Conv2D(filters, 1, padding="same")(layers.UpSampling2D(2)(before))
        x = before = layers.add([x, before])
    model = keras.Model(inputs, layers.Conv2D(3, 3, activation="softmax", padding="same")(x), name="segmentation")
    # Not Adam: biases before batch normalization have gradients of rounding alone, which it would magnify.
    model.compile(keras.optimizers.SGD(1e-2), "sparse_categorical_crossentropy")
    return model, numbers(13, 2, 16, 16, 3), tokens(14, 3, 2, 16, 16)


@zoo
def deeplab(keras: Any) -> Built:
    """Atrous spatial pyramid pooling with bilinear upsampling, as in DeepLabV3+."""
    layers = keras.layers

    def block(x: Any, filters: int, size: int = 3, rate: int = 1) -> Any:
        initializer = keras.initializers.HeNormal()
        x = layers.Conv2D(
            filters, size, dilation_rate=rate, padding="same", use_bias=False, kernel_initializer=initializer
        )(x)
        return keras.ops.nn.relu(layers.BatchNormalization()(x))

    inputs = keras.Input((16, 16, 3))
    low = block(inputs, 4)
    x = layers.AveragePooling2D(2)(block(low, 4))
    pooled = block(layers.AveragePooling2D(pool_size=(8, 8))(x), 4, 1)
    pooled = layers.UpSampling2D(size=(8, 8), interpolation="bilinear")(pooled)
    x = layers.Concatenate(axis=-1)([pooled, *(block(x, 4, 1 if r == 1 else 3, r) for r in (1, 2, 3))])
    x = layers.UpSampling2D(size=(2, 2), interpolation="bilinear")(block(x, 4, 1))
    x = block(layers.Concatenate(axis=-1)([x, block(low, 2, 1)]), 4)
    model = keras.Model(inputs, layers.Conv2D(3, 1, padding="same")(x), name="deeplab")
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model, numbers(15, 2, 16, 16, 3), tokens(16, 3, 2, 16, 16)


@zoo
def vision_transformer(keras: Any) -> Built:
    """Patches by a strided convolution, pre-norm transformer blocks, an MLP head."""
    layers = keras.layers
    inputs = keras.Input((12, 12, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = layers.Reshape((9, 8))(layers.Conv2D(8, 4, strides=4)(x))
    x = layers.Dense(8)(x)
    for _ in range(2):
        a = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.Add()([layers.MultiHeadAttention(num_heads=2, key_dim=8, dropout=0.1)(a, a), x])
        a = layers.LayerNormalization(epsilon=1e-6)(x)
        for units in (16, 8):
            a = layers.Dropout(0.1)(layers.Dense(units, activation=keras.activations.gelu)(a))
        x = layers.Add()([a, x])
    x = layers.Dropout(0.5)(layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(x)))
    model = keras.Model(inputs, layers.Dense(4)(x), name="vision_transformer")
    model.compile(
        keras.optimizers.AdamW(1e-3, weight_decay=1e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseTopKCategoricalAccuracy(2, name="top_2")],
    )
    return model, numbers(17, 3, 12, 12, 3), tokens(18, 4, 3)


@zoo
def next_frame(keras: Any) -> Built:
    """Prediction of the next frame of a film by convolutional LSTMs."""
    layers = keras.layers
    inputs = keras.Input((None, 6, 6, 1))
    x = layers.ConvLSTM2D(3, 3, padding="same", return_sequences=True, activation="relu")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.ConvLSTM2D(3, 1, padding="same", return_sequences=True, activation="relu")(x)
    model = keras.Model(inputs, layers.Conv3D(1, 3, activation="sigmoid", padding="same")(x), name="next_frame")
    model.compile("adam", "binary_crossentropy")
    return model, numbers(19, 2, 4, 6, 6, 1), np.random.default_rng(20).uniform(size=(2, 4, 6, 6, 1)).astype("float32")


@zoo
def wide_and_deep(keras: Any) -> Built:
    """Structured data: encoded categories and normalized numbers, a wide part beside a deep one, with crosses."""
    layers = keras.layers
    inputs = {"age": keras.Input((1,), name="age"), "work": keras.Input((), dtype="int32", name="work")}
    normal = layers.Normalization(mean=3.0, variance=2.0)(inputs["age"])
    encoded = layers.CategoryEncoding(5, output_mode="one_hot")(inputs["work"])
    embedded = layers.Embedding(5, 2)(inputs["work"])
    wide = layers.BatchNormalization()(layers.concatenate([normal, encoded]))
    deep = layers.concatenate([normal, embedded])
    for units in (6, 6):
        deep = layers.Dropout(0.2)(layers.ReLU()(layers.BatchNormalization()(layers.Dense(units)(deep))))
    outputs = layers.Dense(3, activation="softmax")(layers.concatenate([wide, deep]))
    model = keras.Model(inputs, outputs, name="wide_and_deep")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, {"age": numbers(21, 5, 1), "work": tokens(22, 5, 5)}, tokens(23, 3, 5)


@zoo
def speech(keras: Any) -> Built:
    """Spectrograms through convolutions and bidirectional GRUs, as for recognition by CTC."""
    layers = keras.layers
    inputs = keras.Input((None, 9), name="spectrogram")
    x = layers.Reshape((-1, 9, 1))(inputs)
    x = layers.Conv2D(3, (5, 5), strides=(2, 2), padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Reshape((-1, 15))(x)
    for i in range(2):
        gru = layers.GRU(4, return_sequences=True, reset_after=True, name=f"gru_{i}")
        x = layers.Bidirectional(gru, merge_mode="concat", name=f"both_{i}")(x)
        x = layers.Dropout(0.1)(x)
    model = keras.Model(inputs, layers.Dense(6, activation="softmax")(x), name="speech")
    model.compile("adam", "mse")
    return model, numbers(24, 2, 12, 9), numbers(25, 2, 6, 6)


@zoo
def mixer(keras: Any) -> Built:
    """An MLP-Mixer block: permuted, so that dense layers mix patches, and then channels."""
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    x = layers.Reshape((16, 12))(inputs)
    x = layers.Dense(8)(x)
    a = layers.Permute((2, 1))(layers.LayerNormalization(epsilon=1e-6)(x))
    a = layers.Dense(16)(layers.Activation("gelu")(layers.Dense(16)(a)))
    x = layers.Permute((2, 1))(a) + x
    a = layers.Dense(8)(layers.Activation("gelu")(layers.Dense(8)(layers.LayerNormalization(epsilon=1e-6)(x))))
    x = layers.GlobalAveragePooling1D()(x + a)
    model = keras.Model(inputs, layers.Dense(3)(layers.Dropout(0.2)(x)), name="mixer")
    model.compile(keras.optimizers.Lion(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model, numbers(26, 3, 8, 8, 3), tokens(27, 3, 3)


@zoo
def masked_text(keras: Any) -> Built:
    """A masked embedding, two bidirectional LSTMs."""
    layers = keras.layers
    inputs = keras.Input((None,), dtype="int32")
    x = layers.Embedding(12, 6, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(4))(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x), name="masked_text")
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    words = tokens(28, 12, 3, 6)
    words[1, 3:] = 0
    return model, words, tokens(29, 2, 3, 1).astype("float32")


@zoo
def video(keras: Any) -> Built:
    """A tower over each frame by TimeDistributed, attention over time."""
    layers = keras.layers
    inputs = keras.Input((4, 6, 6, 2))
    tower = keras.Sequential([layers.Conv2D(3, 3, activation="elu"), layers.GlobalMaxPooling2D()], name="tower")
    x = layers.TimeDistributed(layers.ZeroPadding2D(1))(inputs)
    x = layers.TimeDistributed(tower)(x)
    x = layers.Attention(use_scale=True)([x, x])
    x = layers.AdditiveAttention()([x, layers.GRU(3, return_sequences=True)(x)])
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)), name="video")
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
    return model, numbers(30, 2, 4, 6, 6, 2), numbers(31, 2, 2)


@zoo
def nested(keras: Any) -> Built:
    """Functional models in sequential ones and the other way round, a layer that is shared, outputs by name."""
    layers = keras.layers
    left, right = keras.Input((5,)), keras.Input((5,))
    deep = keras.Model(left, layers.Dense(4, activation="silu")(left), name="deep")
    inner = keras.Model(right, keras.Sequential([layers.Dense(4), layers.Softmax()], name="last")(right), name="inner")
    outer = keras.Sequential([deep, layers.GroupNormalization(2), layers.PReLU()], name="outer")
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    shared = layers.Dense(4, name="shared")
    first, second = shared(outer(a)), shared(layers.UnitNormalization()(inner(b)))
    model = keras.Model(
        {"a": a, "b": b},
        {"near": layers.Dot(axes=1)([first, second]), "far": layers.Dense(2)(layers.Subtract()([first, second]))},
        name="nested",
    )
    model.compile("adam", {"near": "mse", "far": "mae"}, loss_weights={"near": 0.5, "far": 1.0})
    return (
        model,
        {"a": numbers(32, 4, 5), "b": numbers(33, 4, 5)},
        {"near": numbers(34, 4, 1), "far": numbers(35, 4, 2)},
    )


@zoo
def prepared_images(keras: Any) -> Built:
    """Images made ready by layers."""
    layers = keras.layers
    inputs = keras.Input((10, 8, 3))
    x = layers.Resizing(8, 8)(inputs)
    x = layers.CenterCrop(6, 6)(x)
    x = layers.Rescaling(1 / 255)(x)
    x = layers.Conv2D(4, 3, activation="relu")(x)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)), name="prepared_images")
    model.compile("adam", "mse")
    return model, numbers(36, 2, 10, 8, 3), numbers(37, 2, 2)

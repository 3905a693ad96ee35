"""Small networks written with tf alone, with random weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

_DTYPE = tf.float32


def _weights(*shape: int, name: str, scale: float = 0.4) -> tf.Variable:
    return tf.Variable(
        scale * np.random.default_rng(len(name) + sum(shape)).standard_normal(shape), name=name, dtype=_DTYPE
    )


class Dense(tf.Module):
    """x w + b."""

    def __init__(self, inputs: int, outputs: int, name: str) -> None:
        super().__init__(name=name)
        with self.name_scope:
            self.w = _weights(inputs, outputs, name="w")
            self.b = _weights(outputs, name="b")

    @tf.Module.with_name_scope
    def __call__(self, x: Any) -> Any:
        return x @ self.w + self.b


class Perceptron(tf.Module):
    """Two layers and dropout, which only training switches on."""

    def __init__(self) -> None:
        super().__init__(name="perceptron")
        with self.name_scope:
            self.first = Dense(6, 8, "first")
            self.second = Dense(8, 3, "second")

    @tf.Module.with_name_scope
    def __call__(self, x: Any, training: bool = False) -> Any:
        y = tf.nn.gelu(self.first(x), approximate=True)
        if training:
            y = tf.nn.dropout(y, 0.4)
        return tf.nn.log_softmax(self.second(y))


class FusedNormalization(tf.Module):
    """Batch normalization by the fused kernel, with moving statistics."""

    def __init__(self, channels: int) -> None:
        super().__init__(name="normalization")
        with self.name_scope:
            self.scale = _weights(channels, name="scale")
            self.offset = _weights(channels, name="offset")
            self.mean = tf.Variable(np.full(channels, 0.2, np.float32), trainable=False, name="moving_mean")
            self.variance = tf.Variable(np.full(channels, 1.3, np.float32), trainable=False, name="moving_variance")

    def __call__(self, x: Any, training: bool) -> Any:
        if not training:
            return tf.compat.v1.nn.fused_batch_norm(
                x, self.scale, self.offset, self.mean, self.variance, is_training=False
            )[0]
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(x, self.scale, self.offset, is_training=True)
        self.mean.assign_sub(0.1 * (self.mean - mean))
        self.variance.assign_sub(0.1 * (self.variance - variance))
        return y


class PlainNormalization(tf.Module):
    """Batch normalization in single ops: it can be followed in float64."""

    def __init__(self, channels: int) -> None:
        super().__init__(name="plain_normalization")
        self.scale = _weights(channels, name="scale")
        self.mean = tf.Variable(np.full(channels, 0.2, np.float32), trainable=False, name="moving_mean")
        self.variance = tf.Variable(np.full(channels, 1.3, np.float32), trainable=False, name="moving_variance")

    def __call__(self, x: Any, training: bool) -> Any:
        mean, variance = tf.nn.moments(x, [0, 1, 2]) if training else (self.mean, self.variance)
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * mean)
            self.variance.assign(0.9 * self.variance + 0.1 * variance)
        return tf.nn.batch_normalization(x, mean, variance, None, self.scale, 1e-3)


class Convolutional(tf.Module):
    """Strided, depthwise and dilated convolutions, batch normalization, pooling."""

    def __init__(self, normalization: type[Any] = FusedNormalization) -> None:
        super().__init__(name="convolutional")
        self.first = _weights(3, 3, 2, 4, name="first")
        self.depthwise = _weights(3, 3, 4, 2, name="depthwise")
        self.dilated = _weights(2, 2, 8, 3, name="dilated")
        self.bias = _weights(4, name="bias")
        self.normalization = normalization(4)
        self.head = Dense(3, 2, "head")

    def __call__(self, x: Any, training: bool = False) -> Any:
        y = tf.nn.bias_add(tf.nn.conv2d(x, self.first, 2, "SAME"), self.bias)
        y = tf.nn.relu(self.normalization(y, training))
        y = tf.nn.depthwise_conv2d(y, self.depthwise, [1, 1, 1, 1], "SAME")
        y = tf.nn.max_pool2d(y, 2, 1, "SAME") + tf.nn.avg_pool2d(y, 3, 1, "SAME")
        y = tf.nn.convolution(y, self.dilated, padding="SAME", dilations=2) if not training else tf.nn.conv2d(
            y, self.dilated, 1, "SAME"
        )  # fmt: skip
        return self.head(tf.reduce_mean(y, [1, 2]))


class Recurrent(tf.Module):
    """An LSTM over a TensorArray in a loop; the length is that of the input."""

    def __init__(self, units: int = 4) -> None:
        super().__init__(name="recurrent")
        self.units = units
        self.kernel = _weights(3 + units, 4 * units, name="kernel")
        self.bias = _weights(4 * units, name="bias")

    def __call__(self, x: Any) -> Any:
        rows = tf.transpose(x, [1, 0, 2])
        steps, batch = tf.shape(rows)[0], tf.shape(rows)[1]
        inputs = tf.TensorArray(_DTYPE, steps).unstack(rows)
        state = tf.zeros([batch, self.units], _DTYPE)

        def body(t: Any, h: Any, c: Any, outputs: Any) -> Any:
            gates = tf.concat([inputs.read(t), h], 1) @ self.kernel + self.bias
            i, f, g, o = tf.split(gates, 4, axis=1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            return t + 1, h, c, outputs.write(t, h)

        loop = (tf.constant(0), state, state, tf.TensorArray(_DTYPE, steps))
        _, h, _, outputs = tf.while_loop(lambda t, *_: t < steps, body, loop)
        return {"last": h, "all": tf.transpose(outputs.stack(), [1, 0, 2])}


class Transformer(tf.Module):
    """Embedding, one block of masked attention, tied output weights."""

    def __init__(self, tokens: int = 11, width: int = 8, heads: int = 2) -> None:
        super().__init__(name="transformer")
        self.heads = heads
        with self.name_scope:
            self.embedding = _weights(tokens, width, name="embedding")
            self.query, self.key, self.value, self.out = (Dense(width, width, n) for n in ("q", "k", "v", "o"))
            self.up, self.down = Dense(width, 16, "up"), Dense(16, width, "down")
            self.gamma = _weights(width, name="gamma")

    def normalized(self, x: Any) -> Any:
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-5) * self.gamma

    def split(self, x: Any) -> Any:
        shape = tf.shape(x)
        parts = tf.reshape(x, [shape[0], shape[1], self.heads, x.shape[-1] // self.heads])
        return tf.transpose(parts, [0, 2, 1, 3])

    def __call__(self, tokens: Any) -> Any:
        x = tf.gather(self.embedding, tokens)
        y = self.normalized(x)
        query, key, value = self.split(self.query(y)), self.split(self.key(y)), self.split(self.value(y))
        scores = tf.matmul(query, key, transpose_b=True) / tf.sqrt(tf.cast(tf.shape(query)[-1], _DTYPE))
        length = tf.shape(tokens)[1]
        allowed = tf.linalg.band_part(tf.ones([length, length], tf.bool), -1, 0)
        weights = tf.nn.softmax(tf.where(allowed, scores, _DTYPE.min))
        attended = tf.einsum("bhqk,bhkd->bqhd", weights, value)
        x += self.out(tf.reshape(attended, tf.shape(x)))
        x += self.down(tf.nn.silu(self.up(self.normalized(x))))
        return tf.matmul(x, self.embedding, transpose_b=True)


class UNet(tf.Module):
    """Down, up by a transposed convolution and by resizing, joined with what was left out."""

    def __init__(self) -> None:
        super().__init__(name="unet")
        self.down = _weights(3, 3, 2, 4, name="down")
        self.up = _weights(2, 2, 4, 4, name="up")
        self.last = _weights(3, 3, 10, 1, name="last")

    def __call__(self, x: Any) -> Any:
        skipped = tf.nn.elu(tf.nn.conv2d(x, self.down, 1, "SAME"))
        small = tf.nn.avg_pool2d(skipped, 2, 2, "VALID")
        shape = tf.shape(skipped)
        up = tf.nn.conv2d_transpose(small, self.up, [shape[0], shape[1], shape[2], 4], 2, "SAME")
        joined = tf.concat([up, skipped, tf.image.resize(x, tf.shape(x)[1:3] // 1, "nearest")], -1)
        return tf.nn.conv2d(tf.pad(joined, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT"), self.last, 1, "VALID")


class Control(tf.Module):
    """Autograph: a loop of known length, one that depends on data, a branch, a counter."""

    def __init__(self) -> None:
        super().__init__(name="control")
        self.w = _weights(3, 3, name="w")
        self.calls = tf.Variable(0, trainable=False, name="calls")
        self.largest = tf.Variable(0.0, trainable=False, name="largest", dtype=_DTYPE)

    @tf.function
    def __call__(self, x: Any) -> Any:
        self.calls.assign_add(1)
        for i in tf.range(3):
            x = tf.tanh(x @ self.w) + tf.cast(i, _DTYPE)
        if tf.reduce_sum(x) > 0:
            self.largest.assign(tf.reduce_max(x))
            y = x * 2
        else:
            y = x - 1
        return tf.switch_case(self.calls % 3, [lambda: y, lambda: y + 1, lambda: -y])


class Halving(tf.Module):
    """A loop whose number of steps depends on data."""

    def __init__(self) -> None:
        super().__init__(name="halving")
        self.limit = tf.Variable(0.5, trainable=False, name="limit", dtype=_DTYPE)

    @tf.function
    def __call__(self, x: Any) -> Any:
        steps = tf.constant(0)
        while tf.reduce_max(tf.abs(x)) > self.limit:
            x = x / 2
            steps += 1
        return x, steps


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


NETS: dict[str, tuple[Callable[[], Any], tuple[Any, ...]]] = {
    "perceptron": (Perceptron, (_normal(5, 6),)),
    "convolutional": (Convolutional, (_normal(3, 9, 8, 2),)),
    "convolutional, plain": (lambda: Convolutional(PlainNormalization), (_normal(3, 9, 8, 2),)),
    "recurrent": (Recurrent, (_normal(2, 5, 3),)),
    "transformer": (Transformer, (np.random.default_rng(0).integers(0, 11, (2, 6)).astype(np.int32),)),
    "unet": (UNet, (_normal(2, 6, 8, 2),)),
    "control": (Control, (_normal(4, 3),)),
    "halving": (Halving, (_normal(4, 3),)),
}

"""Small networks of Flax, Haiku and Equinox with random weights, each with what `from_jax` is called on."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

KEY = jax.random.key(3)


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal numbers in float32."""
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


class LinenMLP(nn.Module):
    """Two layers."""

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return nn.Dense(3)(nn.relu(nn.Dense(8)(x)))


class LinenCNN(nn.Module):
    """Convolutions with batch normalization and pooling."""

    @nn.compact
    def __call__(self, x: Any, train: bool = False) -> Any:
        x = nn.Conv(4, (3, 3), strides=2)(x)
        x = nn.relu(nn.BatchNorm(use_running_average=not train)(x))
        x = nn.max_pool(x, (2, 2), strides=(2, 2), padding="SAME")
        x = nn.Conv(4, (3, 3), feature_group_count=2, use_bias=False)(x)
        x = nn.silu(nn.GroupNorm(2)(x))
        return nn.Dense(3)(nn.avg_pool(x, (2, 1)).mean((1, 2)))


class LinenBlock(nn.Module):
    """Attention and a feed-forward network, normalised before."""

    @nn.compact
    def __call__(self, x: Any, deterministic: bool = True) -> Any:
        y = nn.MultiHeadDotProductAttention(2, dropout_rate=0.1)(nn.LayerNorm()(x), deterministic=deterministic)
        x = x + nn.Dropout(0.1)(y, deterministic=deterministic)
        return x + nn.Dense(8)(nn.gelu(nn.Dense(16)(nn.LayerNorm()(x))))


class LinenTransformer(nn.Module):
    """Two blocks on embedded words."""

    @nn.compact
    def __call__(self, tokens: Any, deterministic: bool = True) -> Any:
        embed = nn.Embed(11, 8)
        x = embed(tokens) + self.param("positions", nn.initializers.normal(0.1), (6, 8))
        for _ in range(2):
            x = LinenBlock()(x, deterministic)
        return embed.attend(nn.LayerNorm()(x))


class LinenLSTM(nn.Module):
    """An LSTM over a sequence."""

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return nn.Dense(2)(nn.RNN(nn.OptimizedLSTMCell(5))(x)[:, -1])


class LinenBidirectional(nn.Module):
    """GRUs from both ends."""

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return nn.Bidirectional(nn.RNN(nn.GRUCell(3)), nn.RNN(nn.GRUCell(3)))(x)


class LinenUNet(nn.Module):
    """Down, up by a transposed convolution, and across."""

    @nn.compact
    def __call__(self, x: Any) -> Any:
        a = nn.relu(nn.Conv(4, (3, 3))(x))
        b = nn.relu(nn.Conv(6, (3, 3), strides=2)(a))
        up = nn.ConvTranspose(4, (2, 2), strides=(2, 2))(b)
        c = jnp.concatenate([a, up], -1)
        resized = jax.image.resize(b, (b.shape[0], 8, 8, 6), "bilinear")
        return nn.Conv(1, (1, 1))(jnp.concatenate([c, resized], -1))


class LinenDenoiser(nn.Module):
    """A diffusion model's network: noisy images and times."""

    @nn.compact
    def __call__(self, x: Any, t: Any) -> Any:
        frequencies = jnp.exp(-math.log(1000.0) * jnp.arange(4) / 4)
        angles = t[:, None] * frequencies
        time = nn.Dense(8)(nn.silu(nn.Dense(8)(jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], -1))))
        h = nn.Conv(8, (3, 3))(x)
        h = nn.silu(nn.GroupNorm(4)(h + time[:, None, None, :]))
        q = nn.Conv(8, (1, 1))(h).reshape(h.shape[0], -1, 8)
        h = h + nn.SelfAttention(2)(q).reshape(h.shape)
        return nn.Conv(x.shape[-1], (3, 3))(h)


class NnxMLP(nnx.Module):
    """Two layers."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.first = nnx.Linear(5, 8, rngs=rngs)
        self.second = nnx.Linear(8, 3, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.second(nnx.relu(self.first(x)))


class NnxCNN(nnx.Module):
    """Convolutions with batch normalization and pooling."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.conv = nnx.Conv(3, 4, (3, 3), strides=2, rngs=rngs)
        self.norm = nnx.BatchNorm(4, rngs=rngs)
        self.dense = nnx.Linear(4, 3, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = nnx.relu(self.norm(self.conv(x)))
        return self.dense(nnx.avg_pool(x, (2, 2), strides=(2, 2)).mean((1, 2)))


class NnxTransformer(nnx.Module):
    """One block on embedded words, with dropout and tied embeddings."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.embed = nnx.Embed(11, 8, rngs=rngs)
        self.norms = nnx.List([nnx.LayerNorm(8, rngs=rngs) for _ in range(2)])
        self.attention = nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.dense = nnx.Linear(8, 8, rngs=rngs)

    def __call__(self, tokens: Any) -> Any:
        x = self.embed(tokens)
        x = x + self.dropout(self.attention(self.norms[0](x)))
        x = x + self.dense(nnx.gelu(self.norms[1](x), approximate=False))
        return self.embed.attend(x)


class NnxLSTM(nnx.Module):
    """An LSTM over a sequence."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.rnn = nnx.RNN(nnx.LSTMCell(3, 5, rngs=rngs))
        self.dense = nnx.Linear(5, 2, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.dense(self.rnn(x)[:, -1])


class EquinoxCNN(eqx.Module):
    """Convolutions with batch normalization, for one image at a time."""

    conv: eqx.nn.Conv2d
    norm: eqx.nn.BatchNorm
    pool: eqx.nn.MaxPool2d
    dense: eqx.nn.Linear

    def __init__(self, key: Any) -> None:
        first, second = jax.random.split(key)
        self.conv = eqx.nn.Conv2d(3, 4, 3, stride=2, key=first)
        self.norm = eqx.nn.BatchNorm(4, axis_name="batch", mode="batch")
        self.pool = eqx.nn.MaxPool2d(2, 1)
        self.dense = eqx.nn.Linear(4, 2, key=second)

    def __call__(self, x: Any, state: Any) -> Any:
        x, state = self.norm(self.conv(x), state)
        return self.dense(self.pool(jax.nn.relu(x)).mean((1, 2))), state


class EquinoxTransformer(eqx.Module):
    """One block of attention, for one sequence at a time."""

    embed: eqx.nn.Embedding
    norm: eqx.nn.LayerNorm
    attention: eqx.nn.MultiheadAttention
    mlp: eqx.nn.MLP

    def __init__(self, key: Any) -> None:
        keys = jax.random.split(key, 3)
        self.embed = eqx.nn.Embedding(11, 8, key=keys[0])
        self.norm = eqx.nn.LayerNorm(8)
        self.attention = eqx.nn.MultiheadAttention(2, 8, key=keys[1])
        self.mlp = eqx.nn.MLP(8, 8, 12, 1, activation=jax.nn.gelu, key=keys[2])

    def __call__(self, tokens: Any) -> Any:
        x = jax.vmap(self.embed)(tokens)
        y = jax.vmap(self.norm)(x)
        causal = jnp.tril(jnp.ones((len(tokens), len(tokens)), bool))
        x = x + self.attention(y, y, y, mask=causal)
        return x + jax.vmap(self.mlp)(x)


class EquinoxRNN(eqx.Module):
    """A recurrent cell over a sequence by scan."""

    cell: Any
    dense: eqx.nn.Linear

    def __init__(self, cell: Any, key: Any) -> None:
        first, second = jax.random.split(key)
        self.cell = cell(3, 5, key=first)
        self.dense = eqx.nn.Linear(5, 2, key=second)

    def __call__(self, x: Any) -> Any:
        zeros = jnp.zeros(5)
        start = (zeros, zeros) if isinstance(self.cell, eqx.nn.LSTMCell) else zeros

        def step(carry: Any, row: Any) -> Any:
            return self.cell(row, carry), None

        last, _ = jax.lax.scan(step, start, x)
        return self.dense(last[0] if isinstance(last, tuple) else last)


class EquinoxDropout(eqx.Module):
    """A layer with dropout, which takes a key."""

    dense: eqx.nn.Linear
    dropout: eqx.nn.Dropout

    def __init__(self, key: Any) -> None:
        self.dense = eqx.nn.Linear(5, 4, key=key)
        self.dropout = eqx.nn.Dropout(0.5)

    def __call__(self, x: Any, key: Any = None) -> Any:
        return self.dropout(jax.vmap(self.dense)(x), key=key)


def _haiku(x: Any) -> Any:
    return hk.nets.MLP([8, 3])(x)


def _haiku_with_state(x: Any, is_training: bool = False) -> Any:
    x = hk.Conv2D(4, 3, stride=2)(x)
    x = jax.nn.relu(hk.BatchNorm(True, True, 0.9)(x, is_training))
    return hk.Linear(3)(hk.Flatten()(x))


TOKENS = np.random.default_rng(5).integers(0, 11, (2, 6)).astype(np.int32)
IMAGES = draw(2, 8, 8, 3)
_LINEN: dict[str, tuple[Any, tuple[np.ndarray, ...]]] = {
    "linen MLP": (LinenMLP(), (draw(2, 5),)),
    "linen CNN": (LinenCNN(), (IMAGES,)),
    "linen transformer": (LinenTransformer(), (TOKENS,)),
    "linen LSTM": (LinenLSTM(), (draw(2, 4, 3),)),
    "linen bidirectional GRU": (LinenBidirectional(), (draw(2, 4, 3),)),
    "linen U-Net": (LinenUNet(), (IMAGES,)),
    "linen denoiser": (LinenDenoiser(), (IMAGES, np.array([3.0, 17.0], np.float32))),
}
_NNX: dict[str, tuple[Any, tuple[np.ndarray, ...]]] = {
    "nnx MLP": (NnxMLP, (draw(2, 5),)),
    "nnx CNN": (NnxCNN, (IMAGES,)),
    "nnx transformer": (NnxTransformer, (TOKENS,)),
    "nnx LSTM": (NnxLSTM, (draw(2, 4, 3),)),
}
_FIRST = np.moveaxis(IMAGES, -1, 1).copy()
_EQUINOX: dict[str, tuple[Any, tuple[np.ndarray, ...]]] = {
    "equinox MLP": (lambda: eqx.nn.MLP(5, 3, 8, 2, key=KEY), (draw(2, 5),)),
    "equinox CNN": (lambda: eqx.nn.make_with_state(EquinoxCNN)(KEY), (_FIRST,)),
    "equinox transformer": (lambda: EquinoxTransformer(KEY), (TOKENS,)),
    "equinox LSTM": (lambda: EquinoxRNN(eqx.nn.LSTMCell, KEY), (draw(2, 4, 3),)),
    "equinox GRU": (lambda: EquinoxRNN(eqx.nn.GRUCell, KEY), (draw(2, 4, 3),)),
}
FLAX = [*_LINEN, *_NNX, "haiku MLP", "haiku with state"]
EQUINOX = [*_EQUINOX]


def model(name: str) -> tuple[Any, Any, tuple[np.ndarray, ...], dict[str, Any]]:
    """What is imported, its parameters, the inputs, and options."""
    if name in _LINEN:
        module, inputs = _LINEN[name]
        return module, module.init(KEY, *inputs), inputs, {}
    if name in _NNX:
        make, inputs = _NNX[name]
        return make(nnx.Rngs(0)), None, inputs, {}
    if name in _EQUINOX:
        make, inputs = _EQUINOX[name]
        return make(), None, inputs, {"vmap": True}
    if name == "haiku MLP":
        transformed = hk.transform(_haiku)
        return transformed, transformed.init(jax.random.PRNGKey(0), draw(2, 5)), (draw(2, 5),), {}
    transformed = hk.transform_with_state(_haiku_with_state)
    params = transformed.init(jax.random.PRNGKey(0), IMAGES, True)
    return transformed, params, (IMAGES,), {"training_argument": "is_training"}

"""Run in a process of its own, with Keras on TensorFlow: writes SavedModels by `model.export`, and their outputs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
from keras import layers


def recurrent() -> tuple[Any, Any]:
    model = keras.Sequential(
        [
            layers.Input((None, 3)),
            layers.Masking(),
            layers.Bidirectional(layers.GRU(4, return_sequences=True)),
            layers.LSTM(3),
            layers.Dense(2),
        ]
    )
    x = _normal(2, 6, 3)
    x[1, 4:] = 0
    return model, x


def convolutional() -> tuple[Any, Any]:
    inputs = layers.Input((9, 8, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(inputs)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.SeparableConv2D(6, 3, padding="same", activation="silu")(x)
    y = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(x)
    y = layers.GlobalAveragePooling2D()(layers.UpSampling2D(interpolation="bilinear")(y))
    y = layers.Dropout(0.3)(layers.concatenate([y, layers.Flatten()(layers.MaxPooling2D()(x))]))
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(y)), _normal(2, 9, 8, 3)


def transformer() -> tuple[Any, Any]:
    tokens = layers.Input((6,), dtype="int32", name="tokens")
    extra = layers.Input((6, 8), name="extra")
    x = layers.Embedding(11, 8)(tokens) + extra
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True))
    x = layers.LayerNormalization(epsilon=1e-5)(x + layers.Dense(8)(layers.Dense(16, activation="gelu")(x)))
    outputs = {"pooled": layers.GlobalMaxPooling1D()(x), "tokens": layers.Dense(3)(x)}
    arrays = {"tokens": np.random.default_rng(0).integers(0, 11, (2, 6)).astype("int32"), "extra": _normal(2, 6, 8)}
    return keras.Model({"tokens": tokens, "extra": extra}, outputs), arrays


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape).astype("float32")


MODELS = {"recurrent": recurrent, "convolutional": convolutional, "transformer": transformer}


def main(folder: Path) -> None:
    for name, build in MODELS.items():
        keras.utils.set_random_seed(3)
        model, x = build()
        for variable in model.non_trainable_variables:
            if "moving" in variable.name:
                variable.assign(variable + 0.3)
        model.export(str(folder / name), verbose=False)
        outputs = model(x, training=False)
        found = outputs if isinstance(outputs, dict) else {"output_0": outputs}
        given = x if isinstance(x, dict) else {"input": x}
        arrays = {f"in/{k}": v for k, v in given.items()} | {f"out/{k}": np.asarray(v) for k, v in found.items()}
        np.savez(folder / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

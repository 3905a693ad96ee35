"""The layers under test: how each is made, what it is called on, and the shape that comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]


class Inner:
    """A layer that is an argument of another one."""

    def __init__(self, name: str, *arguments: Any, **keywords: Any) -> None:
        self.name, self.arguments, self.keywords = name, arguments, keywords

    def __repr__(self) -> str:
        return self.name


def _made(value: Any, module: Any, more: dict[str, Any]) -> Any:
    if isinstance(value, Inner):
        return getattr(module, value.name)(*value.arguments, **value.keywords, **more)
    if isinstance(value, list):
        return [_made(v, module, more) for v in value]
    return value


@dataclass(frozen=True)
class Row:
    """One layer with its arguments and inputs.

    Attributes:
        name: Of the class.
        arguments: Of the constructor.
        shapes: Of the inputs, batch included; several for a layer that takes a list.
        output: The expected shape of the output; None where the test compares several.
        dtype: Of the inputs.
        high: Upper end of integer inputs.
        training: Passed to the call.
        keras: Whether Keras is asked too.
        spread: Whether several inputs are passed one by one instead of as a list.
        keywords: Of the call.
    """

    name: str
    arguments: dict[str, Any]
    shapes: tuple[Shape, ...]
    output: Shape
    dtype: str = "float"
    high: int = 5
    training: bool | None = None
    keras: bool = True
    spread: bool = False
    keywords: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = ",".join(f"{k}={v}" for k, v in self.arguments.items())
        called = {**self.keywords, **({} if self.training is None else {"training": self.training})}
        return " ".join([f"{self.name}({shown})", *(f"{k}={v}" for k, v in called.items())])

    def make(self, module: Any, **more: Any) -> Any:
        """The layer, made by `multiback.layers` or `keras.layers`; its name is fixed, and so are its random draws."""
        arguments = {k: _made(v, module, more) for k, v in self.arguments.items()}
        return getattr(module, self.name)(**arguments, **more, name="tested")

    def inputs(self, dtype: str) -> Any:
        """Fixed inputs: one array, or a list for several shapes."""
        random = np.random.default_rng(7)
        arrays = [
            random.integers(0, self.high, s).astype(self.dtype)
            if self.dtype != "float"
            else random.uniform(-2, 2, s).astype(dtype)
            for s in self.shapes
        ]
        return arrays if self.is_list else arrays[0]

    @property
    def is_list(self) -> bool:
        """Whether the layer is called on a list."""
        return len(self.shapes) > 1

    def call(self, layer: Any, inputs: Any) -> Any:
        """Calls the layer as the row says."""
        keywords = self.keywords if self.training is None else {**self.keywords, "training": self.training}
        return layer(*inputs, **keywords) if self.spread else layer(inputs, **keywords)


def fill(weights: Sequence[np.ndarray], names: Sequence[str]) -> list[np.ndarray]:
    """Numbers for weights that are neither zero nor one; variances are positive."""
    random = np.random.default_rng(11)
    drawn = []
    for array, name in zip(weights, names):
        low = 0.5 if "variance" in name else -1.0
        values = random.uniform(low, 1.0 if low < 0 else 2.0, array.shape)
        drawn.append(values.astype(array.dtype) if array.dtype.kind == "f" else array)
    return drawn


def _rows(*rows: tuple[Any, ...], **common: Any) -> list[Row]:
    made = []
    for name, arguments, shapes, output, *rest in rows:
        shapes = shapes if isinstance(shapes, list) else [shapes]
        made.append(Row(name, arguments, tuple(shapes), output, **{**common, **(rest[0] if rest else {})}))
    return made


CORE = _rows(
    ("Dense", {"units": 3}, (2, 4), (2, 3)),
    ("Dense", {"units": 3, "activation": "relu", "use_bias": False}, (2, 5, 4), (2, 5, 3)),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, (2, 4), (2, 4, 3), {"dtype": "int32"}),
    ("Embedding", {"input_dim": 5, "output_dim": 2}, (2, 3, 2), (2, 3, 2, 2), {"dtype": "uint8"}),
    ("Activation", {"activation": "tanh"}, (2, 3), (2, 3)),
    ("Identity", {}, (2, 3), (2, 3)),
    ("Masking", {"mask_value": 0.5}, (2, 3, 1), (2, 3, 1)),
    ("Rescaling", {"scale": 2.0, "offset": -1.0}, (2, 3), (2, 3)),
    ("Rescaling", {"scale": [1.0, 2.0, 3.0], "offset": 0.5}, (2, 3), (2, 3), {"dtype": "uint8"}),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"}, (2, 4), (2, 3)),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 3)}, (2, 5, 4), (2, 5, 3)),
    (
        "EinsumDense",
        {"equation": "...x,xyz->...yz", "output_shape": (3, 2), "bias_axes": "yz", "activation": "relu"},
        (2, 5, 4),
        (2, 5, 3, 2),
    ),
    ("EinsumDense", {"equation": "ab...,bc->ac...", "output_shape": 3, "bias_axes": "c"}, (2, 4, 5), (2, 3, 5)),
    ("ReLU", {}, (2, 3), (2, 3)),
    ("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.3}, (2, 6), (2, 6)),
    ("LeakyReLU", {"negative_slope": 0.2}, (2, 3), (2, 3)),
    ("PReLU", {}, (2, 3, 4), (2, 3, 4)),
    ("PReLU", {"shared_axes": [1]}, (2, 3, 4), (2, 3, 4)),
    ("ELU", {"alpha": 0.5}, (2, 3), (2, 3)),
    ("Softmax", {}, (2, 3), (2, 3)),
    ("Softmax", {"axis": [1, 2]}, (2, 3, 4), (2, 3, 4)),
)

CONVOLUTIONAL = _rows(
    ("Conv1D", {"filters": 3, "kernel_size": 3}, (2, 7, 2), (2, 5, 3)),
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, (2, 7, 2), (2, 7, 3)),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "strides": 2, "padding": "same", "groups": 2}, (2, 7, 4), (2, 4, 4)),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "activation": "relu"}, (2, 6, 7, 2), (2, 4, 5, 3)),
    ("Conv2D", {"filters": 3, "kernel_size": (3, 2), "strides": 2, "padding": "same"}, (2, 6, 7, 2), (2, 3, 4, 3)),
    ("Conv2D", {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "use_bias": False}, (2, 6, 7, 2), (2, 4, 5, 2)),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "data_format": "channels_first"}, (2, 2, 5, 6), (2, 3, 3, 4)),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "strides": (1, 2, 1)}, (2, 3, 4, 4, 2), (2, 2, 2, 3, 2)),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, (2, 4, 2), (2, 8, 3)),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}, (2, 3, 4, 2), (2, 7, 9, 3)),
    (
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1},
        (2, 3, 4, 2),
        (2, 6, 8, 2),
    ),
    ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}, (2, 2, 3, 2, 2), (2, 4, 6, 4, 2)),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, (2, 6, 3), (2, 4, 6)),
    ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"}, (2, 6, 6, 3), (2, 3, 3, 3)),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 3, "padding": "same"}, (2, 6, 3), (2, 6, 4)),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "depth_multiplier": 2}, (2, 6, 6, 3), (2, 4, 4, 4)),
)

POOLING = _rows(
    ("MaxPooling1D", {}, (2, 7, 3), (2, 3, 3)),
    ("MaxPooling2D", {"pool_size": (2, 3), "strides": 2, "padding": "same"}, (2, 5, 6, 2), (2, 3, 3, 2)),
    ("MaxPooling2D", {"data_format": "channels_first"}, (2, 2, 4, 6), (2, 2, 2, 3)),
    ("MaxPooling3D", {}, (2, 4, 4, 4, 2), (2, 2, 2, 2, 2)),
    ("AveragePooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, (2, 6, 2), (2, 6, 2)),
    ("AveragePooling2D", {"pool_size": 2}, (2, 5, 6, 2), (2, 2, 3, 2)),
    ("AveragePooling3D", {"pool_size": (1, 2, 2)}, (2, 2, 4, 4, 2), (2, 2, 2, 2, 2)),
    ("GlobalMaxPooling1D", {}, (2, 5, 3), (2, 3)),
    ("GlobalMaxPooling2D", {"keepdims": True}, (2, 4, 5, 3), (2, 1, 1, 3)),
    ("GlobalMaxPooling3D", {"data_format": "channels_first"}, (2, 3, 2, 4, 2), (2, 3)),
    ("GlobalAveragePooling1D", {}, (2, 5, 3), (2, 3)),
    ("GlobalAveragePooling2D", {"data_format": "channels_first"}, (2, 3, 4, 5), (2, 3)),
    ("GlobalAveragePooling3D", {"keepdims": True}, (2, 2, 4, 2, 3), (2, 1, 1, 1, 3)),
)

NORMALIZATION = _rows(
    ("BatchNormalization", {}, (4, 3), (4, 3), {"training": False}),
    ("BatchNormalization", {}, (4, 3), (4, 3), {"training": True}),
    ("BatchNormalization", {"axis": 1, "momentum": 0.8}, (2, 3, 4, 4), (2, 3, 4, 4), {"training": True}),
    ("BatchNormalization", {"center": False, "scale": False}, (2, 4, 3), (2, 4, 3), {"training": True}),
    ("LayerNormalization", {}, (2, 4, 3), (2, 4, 3)),
    ("LayerNormalization", {"axis": [1, 2], "center": False}, (2, 4, 3), (2, 4, 3)),
    ("RMSNormalization", {}, (2, 4, 3), (2, 4, 3)),
    ("GroupNormalization", {"groups": 2}, (2, 3, 4), (2, 3, 4)),
    ("GroupNormalization", {"groups": -1, "axis": 1}, (2, 3, 4, 4), (2, 3, 4, 4)),
    ("UnitNormalization", {"axis": 1}, (2, 4, 3), (2, 4, 3)),
    ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [1.0, 4.0, 0.0]}, (2, 3), (2, 3)),
    ("Normalization", {"mean": 1.0, "variance": 4.0, "axis": -1, "invert": True}, (2, 4, 3), (2, 4, 3)),
    ("Normalization", {"axis": None}, (2, 3), (2, 3)),
)

RESHAPING = _rows(
    ("Flatten", {}, (2, 3, 4), (2, 12)),
    ("Flatten", {"data_format": "channels_first"}, (2, 3, 4, 5), (2, 60)),
    ("Flatten", {}, (2,), (2, 1)),
    ("Reshape", {"target_shape": (2, -1)}, (2, 3, 4), (2, 2, 6)),
    ("Permute", {"dims": (2, 1, 3)}, (2, 3, 4, 5), (2, 4, 3, 5)),
    ("RepeatVector", {"n": 3}, (2, 4), (2, 3, 4)),
    ("ZeroPadding1D", {"padding": (1, 2)}, (2, 3, 4), (2, 6, 4)),
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 1))}, (2, 3, 4, 2), (2, 4, 7, 2)),
    ("ZeroPadding2D", {"padding": (1, 2), "data_format": "channels_first"}, (2, 2, 3, 4), (2, 2, 5, 8)),
    ("ZeroPadding3D", {}, (2, 2, 3, 2, 2), (2, 4, 5, 4, 2)),
    ("Cropping1D", {"cropping": (1, 0)}, (2, 4, 3), (2, 3, 3)),
    ("Cropping2D", {"cropping": ((1, 0), (1, 1))}, (2, 4, 5, 2), (2, 3, 3, 2)),
    ("Cropping3D", {}, (2, 3, 4, 5, 2), (2, 1, 2, 3, 2)),
    ("UpSampling1D", {"size": 3}, (2, 2, 3), (2, 6, 3)),
    ("UpSampling2D", {"size": (2, 3)}, (2, 2, 3, 2), (2, 4, 9, 2)),
    ("UpSampling3D", {}, (2, 2, 2, 1, 2), (2, 4, 4, 2, 2)),
)

MERGING = _rows(
    ("Add", {}, [(2, 3), (2, 3), (2, 3)], (2, 3)),
    ("Add", {}, [(2, 4, 3), (2, 3)], (2, 4, 3)),
    ("Subtract", {}, [(2, 3), (2, 1)], (2, 3)),
    ("Multiply", {}, [(2, 3), (2, 3)], (2, 3)),
    ("Average", {}, [(2, 3), (2, 3), (2, 3)], (2, 3)),
    ("Maximum", {}, [(2, 3), (2, 3)], (2, 3)),
    ("Minimum", {}, [(2, 3), (2, 3)], (2, 3)),
    ("Concatenate", {}, [(2, 3), (2, 4)], (2, 7)),
    ("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 2, 4)], (2, 5, 4)),
    ("Dot", {"axes": 1}, [(2, 3), (2, 3)], (2, 1)),
    ("Dot", {"axes": (2, 1), "normalize": True}, [(2, 3, 4), (2, 4, 5)], (2, 3, 5)),
    ("Dot", {"axes": (1, 2)}, [(2, 4), (2, 3, 4)], (2, 3)),
)

REGULARIZATION = _rows(
    ("Dropout", {"rate": 0.4, "seed": 3}, (2, 6), (2, 6)),
    ("Dropout", {"rate": 0.4, "noise_shape": [None, 1]}, (4, 6), (4, 6), {"training": True, "keras": False}),
    ("SpatialDropout1D", {"rate": 0.5}, (2, 4, 6), (2, 4, 6), {"training": True, "keras": False}),
    ("SpatialDropout2D", {"rate": 0.5}, (2, 4, 3, 6), (2, 4, 3, 6), {"training": True, "keras": False}),
    (
        "SpatialDropout3D",
        {"rate": 0.5, "data_format": "channels_first"},
        (2, 6, 2, 3, 2),
        (2, 6, 2, 3, 2),
        {"training": True, "keras": False},
    ),
    ("GaussianNoise", {"stddev": 0.4}, (2, 6), (2, 6), {"training": True, "keras": False}),
    ("GaussianDropout", {"rate": 0.4}, (2, 6), (2, 6), {"training": True, "keras": False}),
    ("AlphaDropout", {"rate": 0.4}, (2, 6), (2, 6), {"training": True, "keras": False}),
    ("AlphaDropout", {"rate": 0.4, "noise_shape": [None, 1]}, (4, 6), (4, 6), {"training": True, "keras": False}),
    ("ActivityRegularization", {"l2": 0.1}, (2, 6), (2, 6)),
)

RECURRENT = _rows(
    ("SimpleRNN", {"units": 3}, (2, 4, 5), (2, 3)),
    ("SimpleRNN", {"units": 3, "return_sequences": True, "go_backwards": True}, (2, 4, 5), (2, 4, 3)),
    ("LSTM", {"units": 3}, (2, 4, 5), (2, 3)),
    ("LSTM", {"units": 3, "return_sequences": True, "use_bias": False}, (2, 4, 5), (2, 4, 3)),
    ("LSTM", {"units": 3, "activation": "relu", "recurrent_activation": "hard_sigmoid"}, (2, 4, 5), (2, 3)),
    ("LSTM", {"units": 3, "return_sequences": True, "go_backwards": True, "unroll": True}, (2, 4, 5), (2, 4, 3)),
    ("GRU", {"units": 3}, (2, 4, 5), (2, 3)),
    ("GRU", {"units": 3, "reset_after": False, "return_sequences": True}, (2, 4, 5), (2, 4, 3)),
    ("GRU", {"units": 3, "use_bias": False, "go_backwards": True}, (2, 4, 5), (2, 3)),
    ("RNN", {"cell": [Inner("LSTMCell", 3), Inner("GRUCell", 2)]}, (2, 4, 5), (2, 2)),
    ("RNN", {"cell": Inner("SimpleRNNCell", 3), "return_sequences": True}, (2, 4, 5), (2, 4, 3)),
    ("Bidirectional", {"layer": Inner("LSTM", 3)}, (2, 4, 5), (2, 6)),
    (
        "Bidirectional",
        {"layer": Inner("GRU", 3, return_sequences=True), "merge_mode": "ave"},
        (2, 4, 5),
        (2, 4, 3),
    ),
    ("TimeDistributed", {"layer": Inner("Dense", 3)}, (2, 4, 5), (2, 4, 3)),
    ("TimeDistributed", {"layer": Inner("Conv1D", 3, 2)}, (2, 4, 5, 2), (2, 4, 4, 3)),
    ("TimeDistributed", {"layer": Inner("BatchNormalization")}, (4, 3, 5), (4, 3, 5), {"training": True}),
    (
        "LSTM",
        {"units": 3, "dropout": 0.3, "recurrent_dropout": 0.2},
        (2, 4, 5),
        (2, 3),
        {"training": True, "keras": False},
    ),
    (
        "GRU",
        {"units": 3, "dropout": 0.3, "recurrent_dropout": 0.2},
        (2, 4, 5),
        (2, 3),
        {"training": True, "keras": False},
    ),
    ("SimpleRNN", {"units": 3, "dropout": 0.3}, (2, 4, 5), (2, 3), {"training": True, "keras": False}),
)

ATTENTION = _rows(
    ("Attention", {}, [(2, 3, 4), (2, 5, 4)], (2, 3, 4)),
    ("Attention", {"use_scale": True, "score_mode": "concat"}, [(2, 3, 4), (2, 5, 6), (2, 5, 4)], (2, 3, 6)),
    ("Attention", {"dropout": 0.4}, [(2, 3, 4), (2, 5, 4)], (2, 3, 4), {"training": True, "keras": False}),
    ("AdditiveAttention", {}, [(2, 3, 4), (2, 5, 4)], (2, 3, 4)),
    ("AdditiveAttention", {"use_scale": False}, [(2, 3, 4), (2, 5, 4)], (2, 3, 4)),
    ("Attention", {}, [(2, 4, 3), (2, 4, 3)], (2, 4, 3), {"keywords": {"use_causal_mask": True}}),
    *(
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, **arguments}, shapes, output, {"spread": True, **more})
        for arguments, shapes, output, more in (
            ({}, [(2, 4, 5), (2, 6, 3)], (2, 4, 5), {}),
            (
                {"value_dim": 2, "dropout": 0.1, "output_shape": 7, "use_bias": False},
                [(2, 4, 5), (2, 6, 3), (2, 6, 4)],
                (2, 4, 7),
                {},
            ),
            ({"use_gate": True}, [(2, 4, 5), (2, 4, 5)], (2, 4, 5), {"keywords": {"use_causal_mask": True}}),
            ({"sliding_window": 2}, [(2, 5, 4), (2, 5, 4)], (2, 5, 4), {}),
            ({"attention_axes": (2,)}, [(2, 3, 4, 5), (2, 3, 6, 5)], (2, 3, 4, 5), {}),
            ({}, [(2, 3, 4, 5), (2, 3, 4, 5)], (2, 3, 4, 5), {}),
            ({"dropout": 0.3}, [(2, 4, 5), (2, 4, 5)], (2, 4, 5), {"training": True, "keras": False}),
        )
    ),
)

ROWS = [
    *CORE, *CONVOLUTIONAL, *POOLING, *NORMALIZATION, *RESHAPING, *MERGING, *REGULARIZATION, *RECURRENT, *ATTENTION,
]  # fmt: skip

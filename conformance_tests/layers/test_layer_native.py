"""Layers on a framework's own arrays in float32, and in mixed precision."""

from __future__ import annotations

import numpy as np
import pytest
from layer_evaluation import made, reference, symbolic
from layer_table import ROWS, Row

import multiback as mb
from multiback import layers, tree
from multiback.backends.protocol import Adapter
from multiback.graph.trace import as_host_array
from multiback.layers._context import eagerly

# One of each kind is enough: the ops have float32 cases of their own.
_KINDS = {
    "Dense", "Embedding", "EinsumDense", "PReLU", "Conv1D", "Conv2D", "Conv2DTranspose", "DepthwiseConv2D",
    "MaxPooling2D", "AveragePooling1D", "GlobalAveragePooling1D", "BatchNormalization", "LayerNormalization",
    "Normalization", "Flatten", "Permute", "UpSampling2D", "Add", "Dot", "Dropout", "SimpleRNN", "LSTM", "GRU",
    "Bidirectional", "Attention", "MultiHeadAttention",
}  # fmt: skip
_CHOSEN = {row.name: i for i, row in reversed(list(enumerate(ROWS))) if row.name in _KINDS}


@pytest.mark.parametrize("name", sorted(_CHOSEN))
def test_native_in_native_out(name: str, adapter: Adapter) -> None:
    row, want = ROWS[_CHOSEN[name]], reference(_CHOSEN[name])
    layer = made(row, "float32")
    outputs = row.call(layer, tree.map(adapter.from_numpy, row.inputs("float32")))
    assert adapter.is_native(outputs)
    assert adapter.dtype(outputs) == "float32"
    assert all(v.adapter is adapter for v in layer.weights)
    scale = np.max(np.abs(want.outputs[0]))
    np.testing.assert_allclose(as_host_array(outputs), want.outputs[0], rtol=0, atol=4e-6 * scale)


_EAGER = ("Dense", "BatchNormalization", "GroupNormalization", "Normalization", "Dot", "GaussianNoise", "RNN")


@pytest.mark.parametrize("name", _EAGER)
def test_op_by_op(name: str, adapter: Adapter) -> None:
    """As `compile(run_eagerly=True)` runs layers; the backend of the arrays decides, wherever the weights were."""
    index = next(i for i, row in enumerate(ROWS) if row.name == name and row.training is not False)
    row, layer = ROWS[index], made(ROWS[index], "float32")
    with mb.use_backend("numpy"):
        want = as_host_array(row.call(made(row, "float32"), row.inputs("float32")))
        inputs = tree.map(adapter.from_numpy, row.inputs("float32"))
        with eagerly():
            outputs = row.call(layer, inputs)
    assert adapter.is_native(outputs)
    np.testing.assert_allclose(as_host_array(outputs), want, rtol=0, atol=4e-6 * np.max(np.abs(want)))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_mixed_precision(row: Row, policy: str) -> None:
    """Weights stay float32, the computation is in 16 bits."""
    layer = row.make(layers, dtype=policy)
    outputs = row.call(layer, symbolic(row.inputs("float32")))
    assert outputs.dtype == policy.removeprefix("mixed_")
    assert outputs.shape == (None, *row.output[1:])
    assert all(v.dtype == "float32" for v in layer.weights if v.dtype.is_float)

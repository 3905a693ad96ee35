"""Layers on a framework's own arrays in float32, and in mixed precision."""

from __future__ import annotations

import numpy as np
import pytest

import multiback as mb
from multiback import layers, tree
from multiback.backends.protocol import Adapter
from multiback.graph.trace import as_host_array
from multiback.layers._context import eagerly
from multiback.testing.cases.layers import LAYER_CASES, LayerCase, symbolic
from multiback.testing.layer_graphs import forward
from multiback.testing.named_graphs import expected

# One of each kind is enough: the ops have float32 cases of their own.
_KINDS = {
    "Dense", "Embedding", "EinsumDense", "PReLU", "Conv1D", "Conv2D", "Conv2DTranspose", "DepthwiseConv2D",
    "MaxPooling2D", "AveragePooling1D", "GlobalAveragePooling1D", "BatchNormalization", "LayerNormalization",
    "Normalization", "Flatten", "Permute", "UpSampling2D", "Add", "Dot", "Dropout", "SimpleRNN", "LSTM", "GRU",
    "Bidirectional", "Attention", "MultiHeadAttention",
}  # fmt: skip
_CHOSEN = {case.name: case for case in reversed(LAYER_CASES) if case.name in _KINDS}


@pytest.mark.parametrize("name", sorted(_CHOSEN))
def test_native_in_native_out(name: str, adapter: Adapter) -> None:
    case = _CHOSEN[name]
    layer = case.built("float32")
    graph = forward(case, "float32")
    want = expected(graph)[graph.outputs.index("output 0")]
    outputs = case.call(layer, tree.map(adapter.from_numpy, case.inputs("float32")))
    assert adapter.is_native(outputs)
    assert adapter.dtype(outputs) == "float32"
    assert all(v.adapter is adapter for v in layer.weights)
    verdict = want.judge(as_host_array(outputs), adapter.dtype(outputs))
    assert verdict.passed, verdict.text


_EAGER = ("Dense", "BatchNormalization", "GroupNormalization", "Normalization", "Dot", "GaussianNoise", "RNN")


@pytest.mark.parametrize("name", _EAGER)
def test_op_by_op(name: str, adapter: Adapter) -> None:
    """As `compile(run_eagerly=True)` runs layers; the backend of the arrays decides, wherever the weights were."""
    case = next(r for r in LAYER_CASES if r.name == name and r.training is not False)
    layer = case.built("float32")
    with mb.use_backend("numpy"):
        want = as_host_array(case.call(case.built("float32"), case.inputs("float32")))
        inputs = tree.map(adapter.from_numpy, case.inputs("float32"))
        with eagerly():
            outputs = case.call(layer, inputs)
    assert adapter.is_native(outputs)
    np.testing.assert_allclose(as_host_array(outputs), want, rtol=0, atol=4e-6 * np.max(np.abs(want)))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("case", LAYER_CASES, ids=str)
def test_mixed_precision(case: LayerCase, policy: str) -> None:
    """Weights stay float32, the computation is in 16 bits."""
    layer = case.make(layers, dtype=policy)
    outputs = tree.leaves(case.call(layer, symbolic(case.inputs("float32")), symbolic(case.given_masks())))[0]
    assert outputs.dtype == policy.removeprefix("mixed_")
    assert outputs.shape == (None, *case.output[1:])
    assert all(v.dtype == "float32" for v in layer.weights if v.dtype.is_float)

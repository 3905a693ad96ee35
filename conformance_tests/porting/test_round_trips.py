"""Every ordered pair of frameworks: from A to multiback, to B, to multiback, and back to A.

The weights that come back are the same numbers bit for bit, and the outputs are the same within rounding.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
import torch
from onnx import TensorProto, helper, numpy_helper

import multiback as mb

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
"""Keras gives its own variables to NumPy in a way that NumPy is about to drop."""

X = np.random.default_rng(0).normal(0, 1, (3, 5)).astype(np.float32)
_RANDOM = np.random.default_rng(1)
_WEIGHTS = [_RANDOM.normal(0, 0.5, shape).astype(np.float32) for shape in ((5, 8), (8,), (8, 3), (3,))]


def _torch_net() -> Any:
    net = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3), torch.nn.Tanh())
    with torch.no_grad():
        for parameter, w in zip(net.parameters(), _WEIGHTS):
            parameter.copy_(torch.tensor(w.T))
    return net.eval()


def _jax_net() -> Any:
    def apply(params: Any, x: Any) -> Any:
        h = jax.nn.relu(x @ params["first"]["kernel"] + params["first"]["bias"])
        return jnp.tanh(h @ params["second"]["kernel"] + params["second"]["bias"])

    names = [("first", "kernel"), ("first", "bias"), ("second", "kernel"), ("second", "bias")]
    params: dict[str, dict[str, Any]] = {"first": {}, "second": {}}
    for (layer, part), w in zip(names, _WEIGHTS):
        params[layer][part] = jnp.asarray(w)
    return apply, params


class _TensorFlowNet(tf.Module):
    def __init__(self) -> None:
        super().__init__(name="net")
        self.w1, self.b1, self.w2, self.b2 = (tf.Variable(w, name=f"w{i}") for i, w in enumerate(_WEIGHTS))

    def __call__(self, x: Any) -> Any:
        return tf.tanh(tf.nn.relu(x @ self.w1 + self.b1) @ self.w2 + self.b2)


def _keras_net() -> Any:
    net = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(8, activation="relu", name="first"),
            keras.layers.Dense(3, activation="tanh", name="second"),
        ]
    )
    net.set_weights(_WEIGHTS)
    return net


def _onnx_net() -> Any:
    names = ["w1", "b1", "w2", "b2"]
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Gemm", ["b", "w2", "b2"], ["c"]),
        helper.make_node("Tanh", ["c"], ["y"]),
    ]
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", s]) for n, s in (("x", 5), ("y", 3))]
    tensors = [numpy_helper.from_array(w, n) for n, w in zip(names, _WEIGHTS)]
    graph = helper.make_graph(nodes, "net", values[:1], values[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


MAKE: dict[str, Callable[[], Any]] = {
    "torch": _torch_net,
    "jax": _jax_net,
    "tensorflow": _TensorFlowNet,
    "keras": _keras_net,
    "onnx": _onnx_net,
}


def _in(framework: str, native: Any) -> Any:
    """The native model in multiback."""
    if framework == "torch":
        return mb.from_torch(native, torch.tensor(X), verify=False)
    if framework == "jax":
        return mb.from_jax(*native, X, verify=False)
    if framework == "tensorflow":
        return mb.from_tensorflow(native, tf.constant(X), verify=False)
    if framework == "keras":
        return mb.from_keras(native, X, verify=False)
    return mb.from_onnx(native, verify=False)


def _out(framework: str, model: Any) -> Any:
    """The model in a framework."""
    return getattr(model, f"to_{framework}")(verify=False)


def _run(framework: str, native: Any) -> np.ndarray:
    """The native model's own outputs."""
    if framework == "torch":
        return native(torch.tensor(X)).detach().numpy()
    if framework == "jax":
        return np.asarray(native[0](native[1], X))
    if framework == "onnx":
        session = onnxruntime.InferenceSession(native.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, {session.get_inputs()[0].name: X})[0]
    return np.asarray(native(tf.constant(X) if framework == "tensorflow" else X))


def _weights(framework: str, native: Any) -> list[np.ndarray]:
    """The native model's own weights."""
    if framework == "torch":
        return [x.numpy() for x in native.state_dict().values()]
    if framework == "jax":
        return [np.asarray(x) for x in jax.tree_util.tree_leaves(native[1])]
    if framework == "tensorflow":
        return [v.numpy() for v in native.variables]
    if framework == "keras":
        return [np.asarray(w) for w in native.get_weights()]
    return [numpy_helper.to_array(t) for t in native.graph.initializer if t.data_type == TensorProto.FLOAT]


def _fingerprint(arrays: list[np.ndarray]) -> Counter[bytes]:
    """The bits of all arrays; a matrix counts as its transpose, which frameworks hold kernels as."""
    return Counter(min(np.ascontiguousarray(a).tobytes() for a in (x, x.T)) for x in arrays)


PAIRS = list(itertools.permutations(MAKE, 2))


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_there_and_back(first: str, second: str) -> None:
    original = MAKE[first]()
    there = _out(second, _in(first, original))
    np.testing.assert_allclose(_run(second, there), _run(first, original), rtol=1e-5, atol=1e-6)
    back = _out(first, _in(second, there))
    np.testing.assert_allclose(_run(first, back), _run(first, original), rtol=1e-5, atol=1e-6)
    assert _fingerprint(_weights(first, back)) == _fingerprint(_weights(first, original))


@pytest.mark.parametrize("framework", list(MAKE))
def test_in_and_out(framework: str) -> None:
    original = MAKE[framework]()
    back = _out(framework, _in(framework, original))
    np.testing.assert_allclose(_run(framework, back), _run(framework, original), rtol=1e-5, atol=1e-6)
    assert _fingerprint(_weights(framework, back)) == _fingerprint(_weights(framework, original))

"""The backend test suite of the `onnx` wheel through `from_onnx`: every case, judged by the suite's own tolerances.

All cases run on torch; on the other backends a sample spread over all ops, and with `--thorough` all cases too. What
fails is listed with its reason in onnx_suite_failures.json, and fails the test when it passes.
"""

from __future__ import annotations

import warnings

import numpy as np
import onnx_suite
import pytest
from onnx import TensorProto, helper, numpy_helper

import multiback as mb
from multiback_onnx.importer import load, registry

EVERY = {"jax": 60, "tensorflow": 30, "numpy": 30}
"""On these backends one of so many cases runs unless all are asked for."""


@pytest.mark.parametrize("kind", onnx_suite.KINDS)
def test_cases_of_the_suite(backend: str, kind: str, request: pytest.FixtureRequest) -> None:
    cases = onnx_suite.load(kind)
    if backend in EVERY and not request.config.getoption("--thorough"):
        cases = cases[:: EVERY[backend]]
    known = onnx_suite.known_failures(backend)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some cases divide by zero or overflow on purpose, in NumPy's own words
        results = [onnx_suite.run_case(case, backend) for case in cases]
    assert {r.name: r.reason for r in results if not r.passed and r.name not in known} == {}
    assert [r.name for r in results if r.passed and r.name in known] == [], "they pass: take them off the list"


def test_known_failures_are_cases_of_the_suite() -> None:
    names = {case.name for kind in onnx_suite.KINDS for case in onnx_suite.load(kind)}
    assert {name for backend in onnx_suite.BACKENDS for name in onnx_suite.known_failures(backend)} <= names


def test_the_suite_can_fail() -> None:
    case = next(c for c in onnx_suite.load("node") if c.name == "test_add")
    ((inputs, outputs),) = onnx_suite.data_of(case, case.model)
    assert onnx_suite.compare([outputs[0]], outputs, case.rtol, case.atol) == ""
    assert "differs" in onnx_suite.compare([outputs[0] * 1.01], outputs, case.rtol, case.atol)
    assert "expected" in onnx_suite.compare([outputs[0].astype(np.float64)], outputs, case.rtol, case.atol)
    assert len(inputs) == 2


def _net(training: bool = False) -> bytes:
    """Convolution, batch normalization, pooling, a reshape computed from the shape, dropout, a dense layer."""
    random = np.random.default_rng(0)

    def weight(name: str, *shape: int) -> TensorProto:
        return numpy_helper.from_array((random.normal(size=shape) * 0.3).astype(np.float32), name)

    node = helper.make_node
    nodes = [
        node("Conv", ["x", "conv.weight", "conv.bias"], ["a"], name="/features/conv/Conv", pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["a", "bn.weight", "bn.bias", "bn.mean", "bn.var"], ["b"], momentum=0.75),
        node("Relu", ["b"], ["c"]),
        node("MaxPool", ["c"], ["d"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Shape", ["d"], ["shape"]),
        node("Gather", ["shape", "first"], ["count"]),
        node("Unsqueeze", ["count", "axes"], ["counts"]),
        node("Concat", ["counts", "rest"], ["target"], axis=0),
        node("Reshape", ["d", "target"], ["e"]),
        node("Dropout", ["e", "ratio"], ["f"]),
        node("Gemm", ["f", "fc.weight", "fc.bias"], ["y"], transB=1),
    ]
    weights = [
        weight("conv.weight", 4, 3, 3, 3),
        weight("conv.bias", 4),
        weight("bn.weight", 4),
        weight("bn.bias", 4),
        weight("bn.mean", 4),
        numpy_helper.from_array(np.linspace(0.5, 2, 4, dtype=np.float32), "bn.var"),
        weight("fc.weight", 5, 64),
        weight("fc.bias", 5),
        numpy_helper.from_array(np.array(0), "first"),
        numpy_helper.from_array(np.array([0]), "axes"),
        numpy_helper.from_array(np.array([-1]), "rest"),
        numpy_helper.from_array(np.array(0.25, np.float32), "ratio"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 5])],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def test_a_network_keeps_its_names_and_trains() -> None:
    model = mb.from_onnx(_net(), verify="torch")
    assert [row.quantity for row in model.port_report.rows] == ["forward", "forward, another batch size"]
    assert not model.port_report.failed
    trained = {v.path for v in model.weights if v.trainable}
    assert trained == {"conv.weight", "conv.bias", "bn.weight", "bn.bias", "fc.weight", "fc.bias"}
    statistics = {v.path: v for v in model.weights if not v.trainable}
    assert set(statistics) == {"bn.mean", "bn.var"}

    random = np.random.default_rng(1)
    x, y = random.normal(size=(8, 3, 8, 8)).astype(np.float32), random.normal(size=(8, 5)).astype(np.float32)
    weight, bias = (next(v for v in model.weights if v.path == f"conv.{n}").numpy() for n in ("weight", "bias"))
    import torch

    before = statistics["bn.mean"].numpy().copy()
    pixels = torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(weight), torch.tensor(bias), padding=1)
    batch_mean = pixels.mean((0, 2, 3)).numpy()
    model.compile("sgd", "mse", backend="torch")
    losses = model.fit(x, y, epochs=1, batch_size=8, verbose=0).history["loss"]
    np.testing.assert_allclose(statistics["bn.mean"].numpy(), 0.75 * before + 0.25 * batch_mean, rtol=1e-5, atol=1e-6)
    assert model.fit(x, y, epochs=20, batch_size=8, verbose=0).history["loss"][-1] < losses[0]


def test_roles_of_initializers_follow_their_use() -> None:
    imported = load(_net(), trainable=lambda name, array: name.startswith("fc."))
    assert {w.name for w in imported.weights if w.trainable} == {"fc.weight", "fc.bias"}
    assert {w.name for w in imported.weights if not w.trainable} == {"bn.mean", "bn.var"}


def test_a_shape_given_makes_the_batch_symbolic_or_fixed() -> None:
    assert str(load(_net()).args[0]) == "f32[batch, 3, 8, 8]"
    assert str(load(_net(), inputs={"x": (4, 3, 8, 8)}).args[0]) == "f32[4, 3, 8, 8]"


def test_a_registered_handler_is_asked_first() -> None:
    node = helper.make_node("Twice", ["x"], ["y"], domain="mine", factor=3.0)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)], ir_version=8
    )

    @mb.porting.register("onnx", "Twice")
    def twice(x, *, factor):
        return mb.ops.multiply(x, factor)

    try:
        imported = mb.from_onnx(model, verify=False)
        np.testing.assert_array_equal(np.asarray(imported(np.ones(2, np.float32))), [3, 3])
    finally:
        mb.porting.unregister("onnx", "Twice")


def test_handlers_are_found_by_the_greatest_version_not_above_the_model() -> None:
    versions = [registry.find("", "Clip", v).since for v in (6, 7, 10, 11, 13, 28)]
    assert versions == [6, 6, 6, 11, 11, 11]
    assert registry.find("", "LayerNormalization", 16) is None

"""Gradients written out as equations by torch's backward kernels, against autograd on the same graphs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers, ops
from multiback.backends.protocol import Options
from multiback.backends.registry import get_adapter
from multiback.graph.explicit import Rule
from multiback.graph.ir import Spec
from multiback.graph.trace import trace
from multiback.testing.collection import all_checks
from multiback.testing.runner import run_check

AUTOGRAD = Options(disabled=frozenset(["value_and_grad"]))
IMAGE, IDS = (8, 8, 3), (6,)


@pytest.fixture(scope="module")
def torch() -> Any:
    return get_adapter("torch")


def images() -> Any:
    inputs = layers.Input(IMAGE)
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Add()([x, layers.Conv2D(4, 3, padding="same")(x)])
    x = layers.DepthwiseConv2D(3, strides=2, padding="same")(x)
    x = layers.AveragePooling2D(2)(layers.MaxPooling2D(2, 1)(x))
    return mb.Model(inputs, layers.Dense(5)(layers.Dropout(0.2)(layers.Flatten()(x))))


def sequences() -> Any:
    inputs = layers.Input(IDS, dtype="int32")
    x = layers.Embedding(20, 8)(inputs)
    x = layers.LSTM(8, return_sequences=True)(layers.GRU(8, return_sequences=True)(x))
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 4, dropout=0.1)(x, x)]))
    x = layers.Dense(8)(layers.Dense(16, activation="gelu")(x))
    return mb.Model(inputs, layers.Dense(5)(layers.GlobalAveragePooling1D()(x)))


def loss_graph(model: Any, x: np.ndarray, y: np.ndarray) -> Any:
    def step(inputs: Any, labels: Any) -> Any:
        def loss() -> Any:
            logits = model(inputs, training=True)
            return ops.mean(ops.sparse_categorical_crossentropy(labels, logits, from_logits=True))

        return ops.value_and_grad(loss, variables=model.trainable_variables)()

    specs = [Spec(("batch", *a.shape[1:]), mb.dtypes.as_dtype(a.dtype)) for a in (x, y)]
    return trace(step, *[Spec(a.shape, s.dtype) for a, s in zip((x, y), specs)], name="step")


@pytest.mark.parametrize("build", [images, sequences])
def test_written_gradients_are_those_of_autograd(torch: Any, build: Any) -> None:
    mb.random.set_seed(3)
    rng = np.random.default_rng(0)
    with mb.use_backend("torch"):
        model = build()
        x = rng.standard_normal((4, *IMAGE)).astype("float32") if build is images else rng.integers(0, 20, (4, *IDS))
        x = x if build is images else x.astype("int32")
        traced = loss_graph(model, x, rng.integers(0, 5, 4).astype("int32"))
        y = rng.integers(0, 5, 4).astype("int32")
        found = []
        for options, taped in ((Options(), False), (AUTOGRAD, True)):
            executable = torch.compile(traced.graph, options)
            assert ("value_and_grad" in executable.source) == taped
            state = [torch.cell(torch.from_numpy(v.numpy()), trainable=False, name="") for v in traced.variables]
            cells, results = executable.run(state, [torch.from_numpy(x), torch.from_numpy(y)])
            found.append([torch.to_numpy(a) for a in (*cells, *results)])
    assert len(found[0]) > 8
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_what_no_rule_covers_is_left_to_autograd(torch: Any) -> None:
    graph = trace(ops.value_and_grad(lambda x: ops.sum(ops.arctan2(x, 2.0))), Spec((3,), mb.dtypes.float32)).graph
    executable = torch.compile(graph)
    assert "value_and_grad" in executable.source
    np.testing.assert_allclose(torch.to_numpy(executable(np.ones(3, "float32"))[1]), 0.4, rtol=1e-6)


def test_labels_out_of_range_lose_nan_and_give_no_gradient(torch: Any) -> None:
    def loss(x: Any, y: Any) -> Any:
        losses = ops.sparse_categorical_crossentropy(y, x, from_logits=True)
        return ops.sum(ops.where(ops.isnan(losses), 0.0, losses)), losses

    specs = Spec((3, 4), mb.dtypes.float32), Spec((3,), mb.dtypes.int32)
    graph = trace(ops.value_and_grad(loss, has_aux=True), *specs).graph
    x, y = np.zeros((3, 4), "float32"), np.array([1, 4, -1], "int32")
    found = [[torch.to_numpy(a) for a in torch.compile(graph, options)(x, y)] for options in (Options(), AUTOGRAD)]
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert np.isnan(found[0][1]).tolist() == [False, True, True]
    assert not found[0][2][1:].any()


def test_the_suite_notices_a_wrong_rule(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from multiback_torch import backward

    check = next(c for c in all_checks() if c.id == "ops/gelu/approximate=False/float32")
    assert run_check(check, torch).status == "passed"
    silu = backward.BACKWARD["silu"][0]
    wrong = Rule(lambda g, y, wanted, x, *, approximate: silu.backward(g, y, wanted, x))
    monkeypatch.setitem(backward.BACKWARD, "gelu", (wrong,))
    assert run_check(check, torch).status == "failed"


@pytest.mark.parametrize("rows", [(5,), (3, 4)])
def test_every_way_of_a_product_gives_its_gradients(torch: Any, rows: tuple[int, ...]) -> None:
    from multiback_torch.backward import RIVALS

    rng = np.random.default_rng(1)
    arrays = [rng.standard_normal(shape).astype("float32") for shape in ((*rows, 7), (7, 3), (*rows, 3))]
    specs = [Spec(a.shape, mb.dtypes.float32) for a in arrays]
    graph = trace(ops.value_and_grad(lambda x, w, c: ops.sum(ops.matmul(x, w) * c), argnums=(0, 1)), *specs).graph
    x, w, c = (a.astype("float64") for a in arrays)
    expected = c @ w.T, x.reshape(-1, 7).T @ c.reshape(-1, 3)
    for op, ways in RIVALS.items():
        for way in ways:
            executable = torch.compile(graph, Options(variants=((op, way),)))
            assert set(executable.variants.values()) == {way}
            _, *found = (torch.to_numpy(a) for a in executable(*arrays))
            for gradient, right in zip(found, expected):
                np.testing.assert_allclose(gradient, right, rtol=2e-6, atol=2e-6)

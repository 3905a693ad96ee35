"""Two native callables that are claimed equal: agreement across frameworks, and the place where they part."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from planted import loaded

from multiback.backends.probe import mentions
from multiback.errors import ArgumentError
from multiback.testing import compare
from multiback.testing.model_report import ConformanceError

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(5, 6))
W = {"first": RANDOM.normal(size=(6, 8)), "bias": RANDOM.normal(size=8), "last": RANDOM.normal(size=(8, 3))}
PAIRS = [("torch", "jax"), ("jax", "tensorflow"), ("tensorflow", "torch"), ("torch", "numpy")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = metafunc.config.getoption("--backend") or ["torch", "jax", "tensorflow", "numpy"]
    if "pair" in metafunc.fixturenames:
        metafunc.parametrize("pair", [p for p in PAIRS if chosen[0] in p or set(p) <= set(chosen)], ids="-".join)
    elif "native" in metafunc.fixturenames:
        metafunc.parametrize("native", [b for b in chosen if b != "numpy"])


def of_torch(epsilon: float) -> Callable[..., Any]:
    loaded("torch")
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(6, 8)
            self.last = torch.nn.Linear(8, 3, bias=False)
            with torch.no_grad():
                self.first.weight.copy_(torch.tensor(W["first"].T))
                self.first.bias.copy_(torch.tensor(W["bias"]))
                self.last.weight.copy_(torch.tensor(W["last"].T))

        def forward(self, x: Any) -> Any:
            h = torch.tanh(self.first(x))
            h = h / torch.sqrt((h * h).mean(-1, keepdim=True) + epsilon)  # normalised by torch
            return torch.softmax(self.last(h), -1)

    return Network()


def of_jax(epsilon: float) -> Callable[..., Any]:
    loaded("jax")
    import jax
    import jax.numpy as jnp

    @jax.jit
    def network(x: Any) -> Any:
        h = jnp.tanh(x @ W["first"].astype(x.dtype) + W["bias"].astype(x.dtype))
        h = h / jnp.sqrt((h * h).mean(-1, keepdims=True) + epsilon)  # normalised by jax
        return jax.nn.softmax(h @ W["last"].astype(x.dtype))

    return network


def of_tensorflow(epsilon: float) -> Callable[..., Any]:
    loaded("tensorflow")
    import tensorflow as tf

    @tf.function
    def network(x: Any) -> Any:
        h = tf.tanh(tf.matmul(x, tf.constant(W["first"], x.dtype)) + tf.constant(W["bias"], x.dtype))
        h = h / tf.sqrt(tf.reduce_mean(h * h, -1, keepdims=True) + epsilon)  # normalised by tensorflow
        return tf.nn.softmax(tf.matmul(h, tf.constant(W["last"], x.dtype)))

    return network


def of_numpy(epsilon: float) -> Callable[..., Any]:
    def network(x: np.ndarray) -> np.ndarray:
        h = np.tanh(x @ W["first"] + W["bias"])
        h = h / np.sqrt((h * h).mean(-1, keepdims=True) + epsilon)
        e = np.exp(h @ W["last"] - (h @ W["last"]).max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    return network


NETWORKS = {"torch": of_torch, "jax": of_jax, "tensorflow": of_tensorflow, "numpy": of_numpy}


@pytest.fixture(autouse=True)
def _weights_that_float32_holds() -> None:
    for name in W:
        W[name] = W[name].astype(np.float32).astype(np.float64)


def test_equal_callables_agree(pair: tuple[str, str]) -> None:
    found = compare(*(NETWORKS[name](1e-5) for name in pair), X)
    assert found.passed, str(found)
    assert found.dtype == "float64"
    assert [row.what for row in found.rows] == ["output 0", "gradient for input 0"][: 1 if "numpy" in pair else 2]
    assert not found.departures
    found.raise_if_failed()


def test_the_place_where_they_part_is_named(pair: tuple[str, str]) -> None:
    found = compare(NETWORKS[pair[0]](1e-5), NETWORKS[pair[1]](1e-3), X, names=("ours", "theirs"))
    assert not found.passed
    with pytest.raises(ConformanceError, match="ours and theirs DIFFER"):
        found.raise_if_failed()
    if "numpy" in pair:
        assert not found.departures
        return
    assert [d.of for d in found.departures] == ["ours", "theirs"]
    for departure, name in zip(found.departures, pair):
        filename, _, number = departure.intermediate.line.rpartition(":")
        assert filename == __file__
        with open(filename) as file:
            assert f"# normalised by {name}" in file.readlines()[int(number) - 1]
    nearest = found.departures[0].candidates[0]
    assert nearest[1] == pytest.approx(1e-3, rel=0.02)


def test_layouts_do_not_hide_what_is_equal(native: str) -> None:
    """A value that the other holds transposed is no departure: what comes after it is."""
    if native == "torch":
        import torch

        def transposed(x: Any) -> Any:
            return torch.exp(x.t() * 2.0).t() + 1.0
    elif native == "jax":
        import jax.numpy as jnp

        def transposed(x: Any) -> Any:
            return jnp.exp(x.T * 2.0).T + 1.0
    else:
        import tensorflow as tf

        def transposed(x: Any) -> Any:
            return tf.transpose(tf.exp(tf.transpose(x) * 2.0)) + 1.0

    probe = loaded(native).probe
    assert probe is not None
    assert probe.owns(transposed)
    values = probe.intermediates(transposed, [X])
    assert np.allclose(np.sort(values[-2].array, axis=None), np.sort(np.exp(2 * X), axis=None))
    assert np.allclose(values[-1].array, np.exp(2 * X) + 1)
    assert all(v.line.startswith(__file__) for v in values)
    assert all(p < i for i, v in enumerate(values) for p in v.parents)
    assert any(p == -1 for v in values for p in v.parents)


def test_a_module_is_left_as_it_was() -> None:
    loaded("torch")
    import torch

    module = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.BatchNorm1d(4))
    before = {k: v.clone() for k, v in module.state_dict().items()}
    probe = loaded("torch").probe
    assert probe is not None
    probe.call(module, [X])
    probe.gradients(module, [X])
    assert [v.name for v in probe.intermediates(module, [X])] == [
        "0/nn.functional.linear",
        "1/nn.functional.batch_norm",
    ]
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())
    assert not module[0]._forward_hooks


def test_loops_and_kernels_are_values_of_their_own() -> None:
    loaded("jax")
    loaded("torch")
    import jax
    import torch

    def running_sum(x: Any) -> Any:
        return jax.nn.relu(jax.lax.scan(lambda c, row: (c + row, c + row), x[0] * 0, x)[1])

    probes = [loaded(name).probe for name in ("jax", "torch")]
    assert probes[0] is not None
    assert probes[1] is not None
    values = probes[0].intermediates(running_sum, [X])
    scan = next(v for v in values if v.kind == "scan" and v.array.shape == X.shape)
    assert np.allclose(scan.array, np.cumsum(X, 0))
    assert np.allclose(values[-1].array, np.maximum(np.cumsum(X, 0), 0))
    assert any("lstm" in v.name for v in probes[1].intermediates(torch.nn.LSTM(6, 3), [X[None]]))


def test_weights_of_a_fixed_width_are_compared_in_float32() -> None:
    loaded("tensorflow")
    import tensorflow as tf

    class Scaled(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = tf.Variable(3.0)

        def __call__(self, x: Any) -> Any:
            return x * self.factor

    found = compare(Scaled(), lambda x: np.multiply(x, np.float32(3.0)), X)
    assert found.passed, str(found)
    assert found.dtype == "float32"


def test_outputs_must_match_in_number_and_shape() -> None:
    assert "shape" in str(compare(lambda x: np.sum(x), lambda x: np.sum(x, 0), X))
    found = compare(lambda x: np.sin(x), lambda x: (np.sin(x), np.cos(x)), X)
    assert not found.passed
    assert "number of outputs" in str(found)


def test_whose_callable_it_is_must_be_clear() -> None:
    with pytest.raises(ArgumentError, match="backends="):
        compare(lambda x: x, lambda x: x, X)
    assert compare(lambda x: x, lambda x: x, X, backends=("numpy", "numpy")).passed
    assert mentions(lambda x: np.sum(x), ["numpy"])
    assert not mentions(lambda x: warnings.warn(x, stacklevel=1), ["numpy"])

"""Networks of Flax linen, Flax nnx and Haiku, brought in and verified on the other backends in float64."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax_models import FLAX, IMAGES, LinenCNN, LinenMLP, LinenTransformer, NnxCNN, draw, model

import multiback as mb
from multiback.errors import PortError
from multiback_jax.importer import load

_QUICK = {"linen CNN", "linen LSTM", "nnx CNN", "nnx transformer", "haiku with state"}
"""The others run with --thorough; each of these is verified on torch and on TensorFlow."""


def _ported(name: str, verify: Any) -> Any:
    source, params, inputs, options = model(name)
    return mb.from_jax(source, params, inputs, verify=verify, **options)


def assert_verified(report: Any, notes: int = 0) -> None:
    """Outputs, gradients, a step of gradient descent, another batch size: all within bounds, nothing left out."""
    assert report.passed, str(report)
    quantities = {row.quantity for row in report.rows}
    assert {"forward", "gradients", "weights after an SGD step"} <= quantities
    assert len(report.notes) <= notes, report.notes


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in _QUICK else pytest.mark.thorough) for n in FLAX])
def test_port_is_verified_on_other_backends(name: str) -> None:
    ported = _ported(name, ["torch", "tensorflow"])
    assert_verified(ported.port_report, notes=1)
    assert "forward, another batch size" in {row.quantity for row in ported.port_report.rows}
    source, params, inputs, _ = model(name)
    if params is not None and "haiku" not in name:
        wanted = np.asarray(source.apply(params, *inputs))
        for backend in ("numpy", "jax"):
            with mb.use_backend(backend):
                np.testing.assert_allclose(np.asarray(ported(*inputs)), wanted, rtol=2e-4, atol=2e-5)


def test_weights_keep_their_names_layout_and_memory() -> None:
    module, variables, inputs, _ = model("linen CNN")
    ported = mb.from_jax(module, variables, inputs, verify=False)
    want = {
        "/".join(str(k.key) for k in path): np.asarray(x)
        for path, x in jax.tree_util.tree_flatten_with_path(variables)[0]
    }
    got = ported.state_dict()
    assert set(got) == set(want)
    for name, array in want.items():
        np.testing.assert_array_equal(got[name], array)
    trained = {v.path for v in ported.trainable_variables}
    assert trained == {n for n in want if n.startswith("params/")}
    kernel = variables["params"]["Dense_0"]["kernel"]
    weights = {w.name: w.array for w in load(module, inputs, params=variables).weights}
    assert np.shares_memory(weights["params/Dense_0/kernel"], np.asarray(kernel))


def test_statistics_after_a_step_are_those_of_flax() -> None:
    module, variables, inputs, _ = model("linen CNN")
    ported = mb.from_jax(module, variables, inputs, verify=False)
    _, new = module.apply(variables, *inputs, train=True, mutable=["batch_stats"])
    with mb.use_backend("torch"):
        ported(*inputs, training=True)
    for part in ("mean", "var"):
        name = f"batch_stats/BatchNorm_0/{part}"
        np.testing.assert_allclose(
            ported.get_weight(name).numpy(), new["batch_stats"]["BatchNorm_0"][part], rtol=1e-5, atol=1e-6
        )


def test_steps_of_training_are_those_of_jax_in_float64() -> None:
    module = LinenMLP()
    with jax.enable_x64(True):
        x, y = draw(8, 5).astype(np.float64), draw(8, 3, seed=1).astype(np.float64)
        params = jax.tree.map(lambda a: a.astype(np.float64), module.init(jax.random.key(1), draw(2, 5)))

        def loss(params: Any) -> Any:
            return jnp.mean((module.apply(params, x) - y) ** 2)

        ported = mb.from_jax(module, params, x, verify=False)
        step = jax.jit(lambda p: jax.tree.map(lambda a, g: a - 0.125 * g, p, jax.grad(loss)(p)))
        for _ in range(20):
            params = step(params)
    ported.compile("sgd", "mse", backend="torch")
    ported.optimizer.learning_rate = 0.125
    ported.fit(x, y, batch_size=8, epochs=20, shuffle=False, verbose=0)
    for layer in ("Dense_0", "Dense_1"):
        for part in ("kernel", "bias"):
            got = ported.get_weight(f"params/{layer}/{part}").numpy()
            np.testing.assert_allclose(got, params["params"][layer][part], rtol=1e-9, atol=1e-11)


def test_dropout_draws_anew_in_training_only() -> None:
    module, variables, inputs, _ = model("linen transformer")
    ported = mb.from_jax(module, variables, inputs, verify=False)
    with mb.use_backend("jax"):
        still = [np.asarray(ported(*inputs)) for _ in range(2)]
        moved = [np.asarray(ported(*inputs, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*still)
    assert not np.array_equal(*moved)


def test_modules_become_scopes_with_their_classes() -> None:
    for source, params in ((LinenTransformer(), None), (NnxCNN(nnx.Rngs(0)), None)):
        inputs = np.zeros((2, 6), np.int32) if params is None and isinstance(source, LinenTransformer) else IMAGES
        if isinstance(source, LinenTransformer):
            params = source.init(jax.random.key(0), inputs)
        recorded = mb.from_jax(source, params, inputs, verify=False).recorded
        scopes = {e.scope for e in recorded.forms[False].graph.equations}
        if isinstance(source, LinenTransformer):
            assert "LinenBlock_0/MultiHeadDotProductAttention_0/query" in scopes
            assert recorded.classes["LinenBlock_1"] == "LinenBlock"
        else:
            assert {"conv", "norm", "dense"} <= scopes
            assert recorded.classes["norm"] == "BatchNorm"


def test_a_module_without_variables_is_refused() -> None:
    with pytest.raises(PortError, match="needs its variables"):
        mb.from_jax(LinenMLP(), None, draw(2, 5))


def test_inputs_that_do_not_fit_are_named() -> None:
    module, variables, _, _ = model("linen MLP")
    with pytest.raises(PortError, match="cannot be called on these parameters and example inputs"):
        mb.from_jax(module, variables, draw(2, 7))


def test_a_wrong_training_argument_is_named() -> None:
    module, variables, inputs, _ = model("linen CNN")
    with pytest.raises(mb.errors.ArgumentError, match=r"'trian'.*Did you mean 'train'"):
        mb.from_jax(module, variables, inputs, training_argument="trian")
    assert isinstance(module, LinenCNN)

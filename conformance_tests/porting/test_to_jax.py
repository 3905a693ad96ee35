"""Models as pure JAX functions: numbers, training, statistics, draws, transformations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from printed_models import built, close, meaning

import multiback as mb
from multiback import layers
from multiback.errors import ArgumentError


@pytest.fixture
def wide() -> Iterator[None]:
    """Float64 in multiback and in JAX."""
    before = mb.config.floatx()
    mb.config.set_floatx("float64")
    with jax.enable_x64(True):
        yield
    mb.config.set_floatx(before)


def net() -> mb.Model:
    """A convolution, batch normalisation, a dense layer; SGD."""
    x = inputs = layers.Input((6, 6, 2))
    x = layers.Conv2D(3, 3, padding="same")(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.MaxPooling2D()(layers.ReLU()(x))
    model = mb.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))
    model.compile(mb.optimizers.SGD(0.05), "mse")
    return model


def batches() -> list[tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(3)
    return [(random.normal(size=(8, 6, 6, 2)), random.normal(size=(8, 2))) for _ in range(3)]


@pytest.mark.usefixtures("wide")
def test_three_steps_of_training_are_those_of_the_model() -> None:
    model = net()
    apply, params = model.to_jax(verify=False)

    @jax.jit
    def step(params: Any, x: Any, y: Any) -> Any:
        state = params.pop("state")

        def loss(weights: Any) -> Any:
            outputs, new = apply({**weights, "state": state}, x, training=True)
            return jnp.mean(jnp.square(outputs - y)), new

        gradients, new = jax.grad(loss, has_aux=True)(params)
        return {**jax.tree.map(lambda w, g: w - 0.05 * g, params, gradients), "state": new}

    for x, y in batches():
        params = step(dict(params), x, y)
        model.train_on_batch(x, y)
    found = {
        "conv2d/kernel": params["conv2d"]["kernel"],
        "conv2d/bias": params["conv2d"]["bias"],
        "batch_normalization/gamma": params["batch_normalization"]["gamma"],
        "batch_normalization/beta": params["batch_normalization"]["beta"],
        "batch_normalization/moving_mean": params["state"]["batch_normalization"]["moving_mean"],
        "batch_normalization/moving_variance": params["state"]["batch_normalization"]["moving_variance"],
        "dense/kernel": params["dense"]["kernel"],
        "dense/bias": params["dense"]["bias"],
    }
    weights = {v.path.partition("/")[2] if v.path.count("/") > 1 else v.path: v.numpy() for v in model.weights}
    assert set(found) == set(weights)
    for name, array in found.items():
        scale = np.max(np.abs(weights[name]))
        assert np.max(np.abs(np.asarray(array) - weights[name])) <= 1e-12 * max(scale, 1.0), name


def test_to_jax_is_verified() -> None:
    model, _ = built("mlp")
    model.to_jax()
    report = model.port_reports["jax"]
    assert report.verified and not report.failed
    assert {"forward", "gradients", "forward, another batch size"} <= {row.quantity for row in report.rows}


def test_a_wrong_weight_is_noticed() -> None:
    from multiback.porting.exporting import random_inputs
    from multiback.porting.report import PortReport
    from multiback.porting.verify import verify
    from multiback_jax import exporter

    model, _ = built("mlp")
    apply, params = model.to_jax(verify=False)
    params = jax.tree.map(lambda w: w + 0.01, params)
    report = PortReport(model.name, "multiback", "jax")
    verify(model, exporter.native((apply, params), model), *random_inputs(model), report, ["numpy"])
    assert report.failed


def test_the_state_gets_no_gradient_and_other_batches_work() -> None:
    model = net()
    apply, params = model.to_jax(verify=False)
    x = np.ones((2, 6, 6, 2), np.float32)
    gradients = jax.grad(lambda p: jnp.sum(apply(p, x)))(params)
    assert all(not np.any(g) for g in jax.tree.leaves(gradients.pop("state")))
    assert any(np.any(g) for g in jax.tree.leaves(gradients))
    assert jax.jit(apply)(params, np.ones((5, 6, 6, 2), np.float32)).shape == (5, 2)
    rows = jax.vmap(lambda row: apply(params, row[None])[0])(x)
    np.testing.assert_array_equal(rows[0], rows[1])


def test_training_changes_neither_the_parameters_nor_their_containers() -> None:
    apply, params = net().to_jax(verify=False)
    before = jax.tree.map(np.array, params)
    _, state = apply(params, np.ones((2, 6, 6, 2), np.float32), training=True)
    jax.tree.map(np.testing.assert_array_equal, before, jax.tree.map(np.array, params))
    moved = state["batch_normalization"]["moving_mean"]
    assert np.any(moved != params["state"]["batch_normalization"]["moving_mean"])


def test_dropout_draws_with_the_key() -> None:
    model = mb.Sequential([layers.Input((200,)), layers.Dropout(0.25)])
    apply, params = model.to_jax(verify=False)
    x = np.ones((50, 200), np.float32)
    np.testing.assert_array_equal(apply(params, x), x)
    run = jax.jit(apply, static_argnames="training")
    first, again, other = (run(params, x, training=True, key=jax.random.key(n))[0] for n in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    kept = np.asarray(first) != 0
    assert abs(kept.mean() - 0.75) < 5 * (0.25 * 0.75 / x.size) ** 0.5
    np.testing.assert_allclose(first[kept], 1 / 0.75, rtol=1e-6)
    with pytest.raises(ValueError, match="pass a key"):
        apply(params, x, training=True)


@pytest.mark.usefixtures("wide")
def test_a_layer_that_is_called_twice_has_its_weights_once() -> None:
    inputs = layers.Input((3,))
    shared = layers.Dense(3, "tanh")
    model = mb.Model(inputs, shared(shared(inputs)))
    apply, params = model.to_jax(verify=False)
    assert len(jax.tree.leaves(params)) == 2
    x = np.random.default_rng(0).normal(size=(4, 3))
    close(apply(params, x), meaning(model, [x])[0])


def test_blocks_of_a_list_are_called_in_a_loop() -> None:
    torch = pytest.importorskip("torch")

    class Block(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            return x + torch.tanh(self.linear(x))

    net = torch.nn.Sequential(*[Block() for _ in range(3)])
    model = mb.from_torch(net, (torch.ones(2, 4),), verify=False)
    apply, params = model.to_jax(verify=False)
    assert apply.source.count("for ") - apply.source.count(" for part in") >= 1
    assert apply.source.count("def block(") == 1
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    want = net(torch.from_numpy(x)).detach().numpy()
    close(apply(params, x), want, relative=16 * 2**-24)


@pytest.mark.usefixtures("wide")
def test_a_flax_module_trains_as_the_model() -> None:
    nnx = pytest.importorskip("flax.nnx")
    model = net()
    module = model.to_jax(style="nnx", verify=False)
    module.train()
    for x, y in batches():
        gradients = nnx.grad(lambda m: jnp.mean(jnp.square(m(x) - y)))(module)  # noqa: B023
        weights = nnx.state(module, nnx.Param)
        nnx.update(module, jax.tree.map(lambda w, g: w - 0.05 * g, weights, gradients))
        model.train_on_batch(x, y)
    for variable in model.weights:
        layer, name = variable.path.split("/")[-2:]
        want = variable.numpy()
        got = np.asarray(getattr(getattr(module, layer), name)[...])
        assert np.max(np.abs(got - want)) <= 1e-12 * max(np.max(np.abs(want)), 1.0), variable.path
    module.eval()
    x = batches()[0][0]
    close(module(x), meaning(model, [x])[0])


def test_a_flax_module_draws_from_its_stream() -> None:
    pytest.importorskip("flax.nnx")
    module = mb.Sequential([layers.Input((200,)), layers.Dropout(0.25)]).to_jax(style="nnx", verify=False)
    x = np.ones((50, 200), np.float32)
    np.testing.assert_array_equal(module(x), x)
    module.train()
    first, other = np.asarray(module(x)), np.asarray(module(x))
    assert abs((first != 0).mean() - 0.75) < 5 * (0.25 * 0.75 / x.size) ** 0.5
    assert np.any(first != other)


def test_another_style_is_refused() -> None:
    with pytest.raises(ArgumentError, match="'function' or 'nnx'"):
        built("mlp")[0].to_jax(style="haiku")

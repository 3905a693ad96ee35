"""Networks of Equinox, brought in and verified on the other backends in float64."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax_models import EQUINOX, KEY, EquinoxDropout, draw, model

import multiback as mb
from multiback.errors import PortError

_QUICK = {"equinox CNN", "equinox GRU"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in _QUICK else pytest.mark.thorough) for n in EQUINOX])
def test_port_is_verified_on_other_backends(name: str) -> None:
    source, params, inputs, options = model(name)
    ported = mb.from_jax(source, params, inputs, verify=["torch", "tensorflow"], **options)
    report = ported.port_report
    assert report.passed, str(report)
    assert {"forward", "gradients", "weights after an SGD step"} <= {row.quantity for row in report.rows}


def test_a_function_of_the_module_keeps_the_arrays_names() -> None:
    mlp = eqx.nn.MLP(5, 3, 8, 1, key=KEY)
    x = draw(2, 5)
    ported = mb.from_jax(lambda net, x: jax.vmap(net)(x), mlp, x, verify=False)
    assert set(ported.state_dict()) == {f"layers/{i}/{part}" for i in (0, 1) for part in ("weight", "bias")}
    wanted = np.asarray(jax.vmap(mlp)(x))
    for backend in ("numpy", "torch", "jax", "tensorflow"):
        with mb.use_backend(backend):
            np.testing.assert_allclose(np.asarray(ported(x)), wanted, rtol=1e-5, atol=1e-6)


def test_batch_statistics_after_a_step_are_those_of_equinox() -> None:
    (net, state), _, (x,), options = model("equinox CNN")
    ported = mb.from_jax((net, state), None, x, verify=False, **options)
    batched = jax.vmap(net, in_axes=(0, None), out_axes=(0, None), axis_name="batch")
    wanted, new = batched(x, state)
    with mb.use_backend("torch"):
        got = ported(x, training=True)
    np.testing.assert_allclose(got.detach().numpy(), np.asarray(wanted), rtol=1e-4, atol=1e-5)
    statistics = [w for name, w in ported.state_dict().items() if name.startswith("state/")]
    for a, b in zip(statistics, jax.tree_util.tree_leaves(new), strict=True):
        np.testing.assert_allclose(a, np.asarray(b), rtol=1e-5, atol=1e-6)


def test_dropout_takes_a_key_in_training_only() -> None:
    net, x = EquinoxDropout(KEY), draw(2, 5)
    ported = mb.from_jax(net, None, x, verify=False)
    still = np.asarray(jax.vmap(net.dense)(x))
    with mb.use_backend("numpy"):
        np.testing.assert_allclose(ported(x), still, rtol=1e-5)
        moved = np.asarray(ported(x, training=True))
    kept = moved != 0
    np.testing.assert_allclose(moved[kept], 2 * still[kept], rtol=1e-5)
    assert not kept.all()


def test_params_beside_a_module_are_refused() -> None:
    with pytest.raises(PortError, match="holds its parameters itself"):
        mb.from_jax(eqx.nn.MLP(5, 3, 8, 1, key=KEY), {"w": jnp.ones(3)}, draw(2, 5))


def _clipped(x: Any) -> Any:
    return jnp.clip(x, -1, 1)


def test_an_activation_of_ones_own_comes_along() -> None:
    mlp = eqx.nn.MLP(5, 3, 8, 1, activation=_clipped, key=KEY)
    x = draw(2, 5)
    ported = mb.from_jax(mlp, None, x, verify=False, vmap=True)
    with mb.use_backend("numpy"):
        np.testing.assert_allclose(ported(x), np.asarray(jax.vmap(mlp)(x)), rtol=1e-5, atol=1e-6)

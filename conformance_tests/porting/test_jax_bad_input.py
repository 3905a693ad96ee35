"""What cannot be brought in from JAX is refused by name and place; derivatives of one's own are kept."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import multiback as mb
from multiback import ops
from multiback.errors import ArgumentError, PortError, UnsupportedModel

X = np.array([[0.5, -2.0, 3.0], [1.0, 0.25, -0.5]], np.float32)


def test_a_decision_by_data_is_named_with_its_line() -> None:
    def decides(x: Any) -> Any:
        if x.sum() > 0:
            return x
        return -x

    with pytest.raises(PortError, match=r"(?s)test_jax_bad_input.py:\d+.*jax.lax.cond"):
        mb.from_jax(decides, None, X)


def test_all_unsupported_primitives_are_listed_at_once() -> None:
    def asks(x: Any) -> Any:
        y = jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x)
        y = jax.pure_callback(np.cos, jax.ShapeDtypeStruct(x.shape, x.dtype), y)
        return lax.bessel_i1e(lax.rng_uniform(0.0, 1.0, x.shape) + y)

    with pytest.raises(UnsupportedModel) as caught:
        mb.from_jax(asks, None, X, dynamic_batch=False)
    assert caught.value.ops == {"pure_callback": 2, "rng_uniform": 1, "bessel_i1e": 1}
    assert "test_jax_bad_input.py" in str(caught.value)
    assert "host" in str(caught.value)


def test_a_handler_of_ones_own_is_asked_first() -> None:
    mb.porting.register("jax", "bessel_i1e")(lambda x: ops.multiply(x, 2.0))
    try:
        ported = mb.from_jax(lambda x: lax.bessel_i1e(x), None, X, verify=False)
    finally:
        mb.porting.unregister("jax", "bessel_i1e")
    with mb.use_backend("numpy"):
        np.testing.assert_array_equal(ported(X), 2 * X)


def test_debugging_is_left_out_with_a_note() -> None:
    def prints(x: Any) -> Any:
        jax.debug.print("{}", x)
        return x + 1

    ported = mb.from_jax(prints, None, X)
    assert any("debug" in note for note in ported.port_report.notes)
    with mb.use_backend("numpy"):
        np.testing.assert_array_equal(ported(X), X + 1)


def test_a_batch_that_cannot_be_symbolic_is_fixed_with_a_note() -> None:
    def fixed(x: Any) -> Any:
        return x.reshape(6 if x.shape[0] == 2 else x.shape[0] * 3) if int(x.shape[0]) else x

    ported = mb.from_jax(fixed, None, X)
    assert any("batch size is that of the example" in note for note in ported.port_report.notes)
    assert ported.input_specs["x"].shape == (2, 3)


@jax.custom_jvp
def _rounded(x: Any) -> Any:
    return jnp.round(x)


_rounded.defjvp(lambda primals, tangents: (_rounded(*primals), tangents[0]))


@jax.custom_vjp
def _reversed(x: Any) -> Any:
    return x * 1.0


_reversed.defvjp(lambda x: (x * 1.0, x), lambda x, g: (-2.0 * g * x,))


@jax.custom_vjp
def _clipped(x: Any) -> Any:
    return x * 1.0


_clipped.defvjp(lambda x: (x * 1.0, None), lambda _, g: (jnp.clip(g, -1, 1),))


@jax.custom_vjp
def _own(x: Any) -> Any:
    return jnp.sin(x)


_own.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (g * jnp.cos(x),))


@pytest.mark.parametrize("place", ["numpy", "torch"])
@pytest.mark.parametrize(
    ("function", "note"),
    [(_rounded, "which is kept"), (_reversed, "which is kept"), (_clipped, "cannot be brought along"), (_own, "")],
)
def test_derivatives_of_ones_own(function: Any, note: str, place: str) -> None:
    ported = mb.from_jax(function, None, X, verify="report")
    notes = " ".join(ported.port_report.notes)
    assert note in notes
    wanted = np.asarray(function(X))
    gradient = jax.grad(lambda x: jnp.sum(function(x) * X))(X)
    if function is _clipped:
        gradient = X
    got = mb.function(ops.value_and_grad(lambda x: ops.sum(ported(x) * X)), backend=place)(X)[1]
    with mb.use_backend("numpy"):
        np.testing.assert_allclose(ported(X), wanted, rtol=1e-6)
    got = got.detach() if hasattr(got, "detach") else got
    np.testing.assert_allclose(np.asarray(got), gradient, rtol=1e-6)


def test_other_mistakes() -> None:
    with pytest.raises(ArgumentError, match="has no option 'vmpa'"):
        mb.from_jax(jnp.sin, None, X, vmpa=True)
    with pytest.raises(PortError, match="takes a function"):
        mb.from_jax(3, None, X)
    with pytest.raises(PortError, match="cannot be called on these parameters"):
        mb.from_jax(lambda p, x: x @ p["w"], {"v": jnp.ones((3, 2))}, X)
    with pytest.raises(PortError, match="cannot be called on these parameters"):
        mb.from_jax(lambda p, x: x @ p["w"], {"w": jnp.ones((4, 2))}, X)


def test_inputs_by_name_and_results_in_trees() -> None:
    def named(params: Any, a: Any, b: Any) -> Any:
        return {"sum": a + b, "parts": (a @ params[0], [b])}

    ported = mb.from_jax(named, [jnp.ones((3, 2))], {"a": X, "b": X + 1})
    with mb.use_backend("torch"):
        got = ported(a=X, b=X + 1)
    np.testing.assert_array_equal(got["sum"].detach().numpy(), 2 * X + 1)
    assert list(ported.state_dict()) == ["0"]
    assert got["parts"][0].shape == (2, 2)

"""Every primitive of JAX that has a handler, imported, against JAX in float64: values and gradients."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax_samples import SAMPLES, Sample

import multiback as mb
from multiback import ops
from multiback_jax.importer.handlers import HANDLERS
from multiback_jax.importer.liveness import equations

_LOOSENESS = 1e-12
"""Relative to the largest number of a result: some thousand roundings of float64."""


def _ported(sample: Sample, arrays: Any) -> Any:
    with jax.enable_x64(True):
        return mb.from_jax(sample.function, None, arrays, verify=False, dynamic_batch=False)


def assert_close(got: Any, want: Any) -> None:
    """The same integers; floats within rounding, relative to the largest of them."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    assert str(got.dtype) == str(want.dtype)
    if want.dtype.kind not in "fc":
        np.testing.assert_array_equal(got, want)
        return
    loose = _LOOSENESS if want.dtype.itemsize >= 8 and want.dtype != np.complex64 else 1e-6
    size = np.max(np.abs(want[np.isfinite(want)]), initial=0.0)
    np.testing.assert_allclose(got, want, rtol=0, atol=loose * size + 1e-300)


def _leaves(tree: Any) -> list[Any]:
    return jax.tree_util.tree_leaves(tree)


def _squares(leaves: Any, total: Any) -> Any:
    return sum(0.5 * total(x * x) for x in leaves if "float" in str(x.dtype))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.name)
def test_value_and_gradient(sample: Sample) -> None:
    arrays = sample.arrays()
    model = _ported(sample, arrays)
    with jax.enable_x64(True):
        wanted = jax.jit(sample.function)(*arrays)
    with mb.use_backend("numpy"):
        got = model(*arrays)
    for a, b in zip(_leaves(got), _leaves(wanted), strict=True):
        assert_close(a, b)
    if not sample.smooth:
        return
    places = [i for i, x in enumerate(arrays) if x.dtype == np.float64]

    def loss(*floats: Any) -> Any:
        full = list(arrays)
        for i, x in zip(places, floats):
            full[i] = x
        return _squares(_leaves(sample.function(*full)), jnp.sum)

    with jax.enable_x64(True):
        wanted = jax.jit(jax.grad(loss, tuple(range(len(places)))))(*(arrays[i] for i in places))

    def ours(*floats: Any) -> Any:
        full: list[Any] = [ops.asarray(x) for x in arrays]
        for i, x in zip(places, floats):
            full[i] = x
        return _squares(_leaves(model(*full)), ops.sum)

    with mb.use_backend("numpy"):
        gradients = mb.function(ops.grad(ours, tuple(range(len(places)))))(*(arrays[i] for i in places))
    for a, b in zip(_leaves(gradients), _leaves(wanted), strict=True):
        assert_close(a, b)


_WITHOUT_SAMPLE = {
    "call", "closed_call", "composite", "core_call", "custom_jvp_call", "custom_vjp_call", "custom_vmap_call",
    "debug_callback", "debug_print", "device_put", "dim_as_value", "dimension_size", "empty", "empty2", "eq_to",
    "iota_2x32_shape", "layout_constraint", "le_to", "lt_to", "pjit", "platform_index", "psum", "pvary", "remat",
    "reshard", "sharding_constraint", "stack", "copy_p", "broadcast_to", "mulhi", "select_and_gather_add",
    "random_clone", "copy", "reduce_and", "reduce_or", "reduce_xor", "integer_pow", "real",
}  # fmt: skip
"""Calls that are inlined, identities, what only symbolic sizes or other releases of JAX make."""


def test_every_handler_has_a_sample() -> None:
    seen: set[str] = set()
    with jax.enable_x64(True):
        for sample in SAMPLES:
            jaxpr = jax.make_jaxpr(sample.function)(*sample.arrays())
            seen |= {equation.primitive.name for equation in equations(jaxpr)}
    assert set(HANDLERS) - seen - _WITHOUT_SAMPLE == set()

"""Looks into JAX's own callables."""

from __future__ import annotations

from multiback.backends.probe import Probe, Script


class JaxProbe(Probe):
    """Looks into functions of jax arrays."""

    script = Script(
        "import jax\nimport jax.numpy as jnp\nfrom jax import lax",
        array="jnp.asarray({x}, {dtype})",
        host="np.asarray({x}, np.float64)",
        function="jax.jit({f})",
        wide='jax.config.update("jax_enable_x64", True)',
    )

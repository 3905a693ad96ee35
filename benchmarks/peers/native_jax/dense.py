"""Multi-layer perceptrons in JAX."""

import jax
from workloads import Workload

from peers.native_jax.run import Run


def linear(run: Run, name: str, x: jax.Array) -> jax.Array:
    """A fully connected layer without an activation."""
    return x @ run[f"{name}/kernel"] + run[f"{name}/bias"]


def mlp(workload: Workload, run: Run, x: jax.Array) -> jax.Array:
    """Dense layers with relu, then one to the outputs."""
    hidden = len(workload.sizes["hidden"])
    for number in range(1, hidden + 1):
        x = jax.nn.relu(linear(run, f"dense_{number}", x))
    return linear(run, f"dense_{hidden + 1}", x)


MODELS = {"mlp": mlp}

"""Plain JAX: pure functions, one jit of the whole training step with donated state, Adam by hand.

BENCHMARK_TUNED=1 takes a max pool as a maximum of strided slices, a depthwise convolution as a sum of shifted products,
and normalizes a batch by one factor and one term.
"""

from workloads import Workload

from peers.native_jax.peer import JaxPeer


def build(workload: Workload) -> JaxPeer:
    """The workload's model in JAX."""
    return JaxPeer(workload)

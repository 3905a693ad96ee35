"""Plain TensorFlow: tf.Variables, one tf.function for the whole training step, the fused Adam kernel.

BENCHMARK_JIT=1 compiles the same functions with XLA.
"""

from workloads import Workload

from peers.native_tensorflow.peer import TensorFlowPeer


def build(workload: Workload) -> TensorFlowPeer:
    """The workload's model in TensorFlow."""
    return TensorFlowPeer(workload)

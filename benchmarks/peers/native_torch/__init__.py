"""Plain PyTorch: an nn.Module in NCHW, a training loop by hand, fused Adam.

BENCHMARK_TUNED=1 puts images and kernels into channels_last memory.
"""

from workloads import Workload

from peers.native_torch.peer import TorchPeer


def build(workload: Workload) -> TorchPeer:
    """The workload's model in PyTorch."""
    return TorchPeer(workload)

"""The peers by name, the interface they share, and the environment their processes start in."""

import importlib
import os
from dataclasses import dataclass, field
from typing import Protocol

from workloads import Array, Workload

FRAMEWORKS = ("torch", "jax", "tensorflow")
# Every pool that could use a second thread, and every accelerator, is off in all workers alike.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "CUDA_VISIBLE_DEVICES": "",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


class Peer(Protocol):
    """One model in one framework, built with `initial_weights` and ready to run."""

    def train(self, n_steps: int) -> None:
        """One epoch over the first `n_steps * batch` rows in a new random order, finished on return."""

    def predict(self, n_batches: int) -> Array:
        """Logits of the first `n_batches * batch` rows, computed batch by batch, as one NumPy array."""

    def loss(self) -> float:
        """Mean loss over the samples of the last `train`."""

    def parameter_count(self) -> int:
        """Number of trainable scalars."""

    def versions(self) -> dict[str, str]:
        """Version of each library involved."""


@dataclass(frozen=True)
class PeerSpec:
    """Where a peer's code is, what it runs on, and how its process is set up."""

    name: str
    module: str
    framework: str
    environment: dict[str, str] = field(default_factory=dict)
    baseline: bool = False
    only: tuple[str, ...] = ()
    extra_parameters: dict[str, int] = field(default_factory=dict)
    # Kinds of workload on which its optimizer takes another step than the others from the same weights.
    other_step: tuple[str, ...] = ()

    def supports(self, workload: Workload) -> bool:
        """Whether the peer has something of its own to show on this workload."""
        return not self.only or workload.kind in self.only

    def build(self, workload: Workload) -> Peer:
        """Import the peer's module and build its model; call it in a process of its own."""
        return importlib.import_module(f"peers.{self.module}").build(workload)

    def process_environment(self) -> dict[str, str]:
        """The whole environment of the peer's process."""
        return {**os.environ, **ENVIRONMENT, **self.environment}


def _specs() -> list[PeerSpec]:
    # torch.nn.LSTM adds two biases to the gates where one would do.
    lstm_biases = {"lstm": 4 * 64, "embedding-lstm": 4 * 64}
    # For a token that is there twice Keras's Adam on TensorFlow adds the squares of its gradients, not the gradients.
    embeddings = ("embedding-lstm", "transformer", "recommender")
    tuned = ("cnn", "resnet", "depthwise")
    return [
        PeerSpec("native-torch", "native_torch", "torch", baseline=True, extra_parameters=lstm_biases),
        PeerSpec("native-jax", "native_jax", "jax", baseline=True),
        PeerSpec("native-tensorflow", "native_tensorflow", "tensorflow", baseline=True),
        PeerSpec("native-tensorflow-xla", "native_tensorflow", "tensorflow", {"BENCHMARK_JIT": "1"}, baseline=True),
        PeerSpec("native-torch-tuned", "native_torch", "torch", {"BENCHMARK_TUNED": "1"}, only=tuned),
        PeerSpec("native-jax-tuned", "native_jax", "jax", {"BENCHMARK_TUNED": "1"}, only=tuned),
        PeerSpec("keras-torch", "keras3", "torch", {"KERAS_BACKEND": "torch"}),
        PeerSpec("keras-jax", "keras3", "jax", {"KERAS_BACKEND": "jax"}),
        PeerSpec("keras-tensorflow", "keras3", "tensorflow", {"KERAS_BACKEND": "tensorflow"}, other_step=embeddings),
        *(PeerSpec(f"multiback-{name}", "multiback_peer", name, {"MULTIBACK_BACKEND": name}) for name in FRAMEWORKS),
        PeerSpec("multiback-auto", "multiback_peer", "auto", {"MULTIBACK_BACKEND": "auto"}),
    ]


PEERS = {spec.name: spec for spec in _specs()}

"""multiback on the backend that MULTIBACK_BACKEND names, or with "auto" on the one it finds the quickest."""

import importlib
import os

from workloads import Workload

import multiback
from peers.keras_api import KerasApiPeer


class MultibackPeer(KerasApiPeer):
    def tune(self) -> None:
        """Measures the ways to run the model's steps once, and takes the quickest from then on."""
        self._model.tune(self._rows(self._batch), self._y[: self._batch], batch_size=self._batch)


def build(workload: Workload) -> MultibackPeer:
    """The workload's model in multiback."""
    multiback.random.set_seed(0)
    backend = os.environ["MULTIBACK_BACKEND"]
    versions = {"multiback": multiback.__version__}
    if backend != "auto":
        versions[backend] = importlib.import_module(backend).__version__
    peer = MultibackPeer(multiback, workload, versions, backend=backend)
    if backend == "auto":
        # The first call chooses, by a training step where it has targets, and by a prediction where it has none.
        peer.evaluate(1)
    return peer

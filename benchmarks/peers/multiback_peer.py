"""multiback on the backend that MULTIBACK_BACKEND names."""

import importlib
import os

from workloads import Workload

import multiback
from peers.keras_api import KerasApiPeer


def build(workload: Workload) -> KerasApiPeer:
    """The workload's model in multiback."""
    multiback.random.set_seed(0)
    backend = os.environ["MULTIBACK_BACKEND"]
    versions = {"multiback": multiback.__version__, backend: importlib.import_module(backend).__version__}
    return KerasApiPeer(multiback, workload, versions, backend=backend)

"""Keras 3 on the backend that KERAS_BACKEND names."""

import importlib

import keras
from workloads import Workload

from peers.keras_api import KerasApiPeer


def build(workload: Workload) -> KerasApiPeer:
    """The workload's model in Keras 3."""
    keras.utils.set_random_seed(0)
    backend = keras.backend.backend()
    versions = {"keras": keras.__version__, backend: importlib.import_module(backend).__version__}
    return KerasApiPeer(keras, workload, versions)

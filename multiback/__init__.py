"""Write a model once; run it on TensorFlow, PyTorch, JAX or NumPy, chosen at run time.

Importing this imports no framework. Names are loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_MODULES = (
    "activations", "array_api", "backends", "callbacks", "config", "constraints", "dtype_policies", "dtypes", "errors",
    "initializers", "layers", "losses", "metrics", "mixed_precision", "models", "ops", "optimizers", "porting",
    "profiling", "random", "regularizers", "saving", "testing", "tree", "utils",
)  # fmt: skip
_NAMES = {
    "Input": "multiback.layers.core.input_layer",
    "KerasTensor": "multiback.layers._symbolic",
    "Layer": "multiback.layers._layer",
    "Model": "multiback.models.model",
    "RematScope": "multiback.layers._rematerialization",
    "Sequential": "multiback.models.sequential",
    "Variable": "multiback.variables",
    "StatelessScope": "multiback.variables",
    "available_backends": "multiback.backends.registry",
    "backend": "multiback.backends.select",
    "set_backend": "multiback.backends.select",
    "use_backend": "multiback.backends.select",
    "from_jax": "multiback.porting.importing",
    "from_keras": "multiback.porting.importing",
    "from_onnx": "multiback.porting.importing",
    "from_tensorflow": "multiback.porting.importing",
    "from_torch": "multiback.porting.importing",
    "function": "multiback.backends.function",
    "remat": "multiback.ops.rematerialization",
    "trace": "multiback.graph.trace",
}

__all__ = ["__version__", *_MODULES, *_NAMES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"multiback.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'multiback' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

"""Helpers around training: datasets, labels, padding, progress and messages."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Progbar": "progbar",
    "PyDataset": "py_dataset",
    "Sequence": "py_dataset",
    "disable_interactive_logging": "messages",
    "enable_interactive_logging": "messages",
    "is_interactive_logging_enabled": "messages",
    "normalize": "categorical",
    "pad_sequences": "sequences",
    "to_categorical": "categorical",
}
_RENAMED = {"Sequence": "PyDataset"}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), _RENAMED.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

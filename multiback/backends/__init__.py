"""Backends: the contract an adapter keeps, how adapters are found and chosen, and functions compiled for them."""

from multiback.backends.protocol import Adapter, Executable, Fast, Options, Plugin, gather
from multiback.backends.registry import available_backends, get_adapter, plugins
from multiback.backends.select import backend, set_backend, use_backend

__all__ = [
    "Adapter", "Executable", "Fast", "Options", "Plugin", "available_backends", "backend", "gather", "get_adapter",
    "plugins", "set_backend", "use_backend",
]  # fmt: skip

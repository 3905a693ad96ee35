"""Which backends there are: entry points of the group `multiback.adapters`, loaded on first use."""

from __future__ import annotations

import functools
import importlib.metadata
import threading
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback.backends.protocol import Adapter, Plugin
from multiback.errors import BackendUnavailable, closest
from multiback.graph.host import convert_host_with

GROUP = "multiback.adapters"
_LOADED: dict[str, Adapter] = {}
_ADDED: dict[str, Plugin] = {}
_LOCK = threading.RLock()


@functools.cache
def plugins() -> Mapping[str, Plugin]:
    """Every registered backend by name, installed or not."""
    found: dict[str, Plugin] = {}
    for entry in importlib.metadata.entry_points(group=GROUP):
        if entry.name in found:
            warnings.warn(
                f"Two distributions offer the backend {entry.name!r}; {found[entry.name].module} is used.", stacklevel=2
            )
            continue
        found[entry.name] = entry.load()
    found.update(_ADDED)
    if not found:
        raise BackendUnavailable("No adapter is registered. Install the package: pip install -e . in a checkout.")
    return found


def register(plugin: Plugin) -> None:
    """Adds a backend for this process, as an entry point would for all; it takes the place of one of its name."""
    with _LOCK:
        _LOADED.pop(plugin.name, None)
        _ADDED[plugin.name] = plugin
        plugins.cache_clear()
        _by_package.cache_clear()


def get_adapter(name: str) -> Adapter:
    """The adapter of this name, its framework imported.

    Raises:
        BackendUnavailable: if it is unknown, not installed or fails to start.
    """
    adapter = _LOADED.get(name)
    if adapter is not None:
        return adapter
    if name not in plugins():
        known = ", ".join(sorted(plugins()))
        raise BackendUnavailable(f"Unknown backend {name!r}.{closest(str(name), plugins())} Known: {known}.")
    with _LOCK:
        if name not in _LOADED:
            _LOADED[name] = plugins()[name].load()
        return _LOADED[name]


def available_backends() -> list[str]:
    """Names of the backends whose framework is installed, the preferred one first."""
    installed = [p for p in plugins().values() if not p.missing()]
    return [p.name for p in sorted(installed, key=lambda p: -p.priority)]


def owner(x: Any) -> Adapter | None:
    """The adapter whose framework `x` is an array of, or None."""
    for kind in type(x).__mro__[:-1]:
        package = kind.__module__.partition(".")[0]
        name = _by_package().get(package)
        if name is not None:
            adapter = get_adapter(name)
            if adapter.is_native(x):
                return adapter
    return None


@functools.cache
def _by_package() -> dict[str, str]:
    return {package: p.name for p in plugins().values() for package in p.native}


def to_host(x: Any) -> np.ndarray | None:
    """A native array as a NumPy array; None when `x` is not native."""
    if isinstance(x, np.ndarray):
        return x
    adapter = owner(x)
    return None if adapter is None else adapter.to_numpy(x)


convert_host_with(to_host)

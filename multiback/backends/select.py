"""Which backend computes: the innermost `use_backend`, `set_backend`, MULTIBACK_BACKEND, or else the preferred one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar

from multiback.backends import registry
from multiback.backends.protocol import Adapter

_CONTEXT: ContextVar[str | None] = ContextVar("multiback_backend", default=None)
_DEFAULT: str | None = None


def backend() -> str:
    """The name of the selected backend."""
    return _CONTEXT.get() or _DEFAULT or os.environ.get("MULTIBACK_BACKEND") or registry.available_backends()[0]


def selected() -> Adapter:
    """The adapter of the selected backend."""
    return registry.get_adapter(backend())


def set_backend(name: str) -> None:
    """Makes `name` the backend of everything that does not choose one.

    Raises:
        BackendUnavailable: if it is unknown or not installed.
    """
    global _DEFAULT
    registry.get_adapter(name)
    _DEFAULT = name


@contextlib.contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Selects a backend inside a `with` block, for this thread or task only.

    Raises:
        BackendUnavailable: if it is unknown or not installed.
    """
    registry.get_adapter(name)
    token = _CONTEXT.set(name)
    try:
        yield
    finally:
        _CONTEXT.reset(token)

"""Where an equation of an imported program comes from: the path and the class of the original's module."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from multiback.graph.trace import scope

_CLASSES: ContextVar[dict[str, str] | None] = ContextVar("multiback_scope_classes", default=None)


@contextlib.contextmanager
def module_scope(path: str, class_name: str = "", absolute: bool = False) -> Iterator[None]:
    """Marks the ops inside as those of the original's module at `path`.

    Arguments:
        path: Names separated by slashes, such as `layer1/0/conv1`; empty for the model itself.
        class_name: Of the module, without its package.
        absolute: Whether `path` counts from the model's root; otherwise from the scope around.

    Example:
        >>> with module_scope("layer1/0/conv1", "Conv2d"):
        ...     y = ops.conv(x, kernel)
    """
    note_class(path, class_name)
    with scope(path, absolute) if path or absolute else contextlib.nullcontext():
        yield


def note_class(path: str, class_name: str) -> None:
    """Remembers the class of the original's module at `path`."""
    found = _CLASSES.get()
    if found is not None and class_name:
        found.setdefault(path, class_name)


@contextlib.contextmanager
def collecting(found: dict[str, str]) -> Iterator[None]:
    """Inside, classes are noted in `found`."""
    token = _CLASSES.set(found)
    try:
        yield
    finally:
        _CLASSES.reset(token)

"""Whether what is being traced goes through XLA, which on a CPU passes over NaN in comparisons."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_COMPILING: ContextVar[bool] = ContextVar("multiback_tensorflow_xla", default=False)


def through_xla() -> bool:
    """Whether XLA compiles what is being traced."""
    return _COMPILING.get()


@contextlib.contextmanager
def compiling(jit: bool) -> Iterator[None]:
    """A context in which lowerings know it."""
    token = _COMPILING.set(jit)
    try:
        yield
    finally:
        _COMPILING.reset(token)

"""A limit on the weights that a configuration from a file can ask for: no more than the file has."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from contextvars import ContextVar

from multiback.dtypes import DType
from multiback.errors import SavingError

_LEFT: ContextVar[list[int] | None] = ContextVar("multiback_weight_budget", default=None)


@contextlib.contextmanager
def weight_budget(size: int | None) -> Iterator[None]:
    """Inside, all weights together may have this many bytes; None: no limit."""
    token = _LEFT.set(None if size is None else [size])
    try:
        yield
    finally:
        _LEFT.reset(token)


def spend(shape: Sequence[int], dtype: DType, path: str) -> None:
    """Takes a weight from the budget, before it is made.

    Raises:
        SavingError: if the file has no room for it.
    """
    left = _LEFT.get()
    if left is None:
        return
    size = math.prod(int(n) for n in shape) * dtype.itemsize
    left[0] -= size
    if left[0] < 0:
        raise SavingError(
            f"The configuration asks for a weight {path!r} of {size:,} bytes, more than the file has weights. "
            "It was damaged or forged; use another copy."
        )

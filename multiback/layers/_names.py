"""Names of layers: unique by default, and safe in paths and files."""

from __future__ import annotations

import re
import threading
from collections import Counter

from multiback.errors import ArgumentError
from multiback.random._seed import generation

_USED: Counter[str] = Counter()
_LOCK = threading.Lock()
_SINCE = 0
_VALID = re.compile(r"[A-Za-z0-9_.\-]{1,200}\Z")


def snake_case(name: str) -> str:
    """`BatchNormalization` as `batch_normalization`, `Conv2D` as `conv2d`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """`dense`, then `dense_1`, `dense_2`...

    Setting the seed starts the count again, so that the next model made gets the same names, and hence the same initial
    weights, as the first.
    """
    global _SINCE
    with _LOCK:
        if generation() != _SINCE:
            _USED.clear()
            _SINCE = generation()
        count = _USED[prefix]
        _USED[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def checked_name(name: str, owner: str) -> str:
    """`name`, if it can be part of a path.

    Raises:
        ArgumentError: if it has characters other than letters, digits, `_`, `.` and `-`, or is too long.
    """
    if not isinstance(name, str) or not _VALID.match(name) or name in (".", ".."):
        raise ArgumentError(
            f"{owner} got the name {name!r}. Names are made of letters, digits, '_', '.' and '-', at most 200 of them."
        )
    return name

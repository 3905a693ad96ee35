"""All checks of the suite, and the choice among them."""

from __future__ import annotations

import fnmatch
import functools
import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from types import ModuleType

from multiback.errors import ArgumentError, closest
from multiback.testing import chapters
from multiback.testing.records import Check

SUITE_VERSION = "1.1"
"""Changes whenever checks are added, removed or judged otherwise, since scores are then no longer comparable."""


def kinds() -> list[str]:
    """The names of the chapters."""
    return [info.name for info in pkgutil.iter_modules(chapters.__path__) if not info.name.startswith("_")]


def _chapter(kind: str) -> ModuleType:
    return importlib.import_module(f"{chapters.__name__}.{kind}")


def compiled_together(kind: str) -> bool:
    """Whether a chapter's checks share what the first of them compiles, so that one process should run them all."""
    return getattr(_chapter(kind), "COMPILED_TOGETHER", False)


@functools.cache
def all_checks() -> tuple[Check, ...]:
    """Every check of every chapter, long ones included."""
    return tuple(check for kind in kinds() for check in _chapter(kind).checks())


@functools.cache
def checks_by_id() -> dict[str, Check]:
    """Every check by its id, in the order of `all_checks`."""
    return {check.id: check for check in all_checks()}


def uncovered() -> dict[str, list[str]]:
    """By chapter, the registered names that no check is about; empty when the suite is complete."""
    found = {kind: _chapter(kind).uncovered() for kind in kinds()}
    return {kind: names for kind, names in found.items() if names}


def select(only: Sequence[str] = (), dtypes: Sequence[str] = (), thorough: bool = False) -> Iterator[Check]:
    """The checks that a selection names.

    Arguments:
        only: Chapters ("layers"), families of ops ("reduction"), subjects ("matmul", "LSTM", in any case), patterns of
            ids ("ops/conv*"); empty: all.
        dtypes: Dtypes; checks without one are left out if given.
        thorough: Whether the long ones are included.

    Raises:
        ArgumentError: for an entry of `only` that matches nothing.
    """
    unused = {name.casefold() for name in only}
    for check in all_checks():
        matched = {name.casefold() for name in only if _matches(check, name)}
        unused -= matched
        if (matched or not only) and (check.dtype in dtypes or not dtypes) and (thorough or not check.thorough):
            yield check
    if unused:
        name = min(unused)
        known = sorted({*kinds(), *(name for check in all_checks() for name in (check.subject, check.family) if name)})
        raise ArgumentError(
            f"No check is about {name!r}.{closest(name, known)} Give a chapter ({', '.join(kinds())}), "
            "the name of an op, layer, loss..., or a pattern of ids such as 'ops/conv*'."
        )


def _matches(check: Check, name: str) -> bool:
    folded = name.casefold()
    return folded in (check.kind, check.family, check.subject.casefold()) or fnmatch.fnmatchcase(
        check.id.casefold(), folded
    )

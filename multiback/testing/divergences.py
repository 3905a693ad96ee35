"""Where frameworks are known to compute different things for the same call, and what multiback computes on all of them.

The table is `divergences.toml`. A check that pins the meaning of number n has `divergence-n` in its case.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from dataclasses import dataclass

from multiback.testing.collection import all_checks
from multiback.testing.records import Check


@dataclass(frozen=True)
class Divergence:
    """One known divergence.

    Attributes:
        number: Its number.
        call: What is called.
        natively: What the frameworks do.
        here: What multiback does, on every backend.
        unchecked: Why no check of the suite pins it; "" if one does.
    """

    number: int
    call: str
    natively: str
    here: str
    unchecked: str = ""


@functools.cache
def divergences() -> tuple[Divergence, ...]:
    """All known divergences, by number."""
    text = (importlib.resources.files(__package__) / "divergences.toml").read_text()
    entries = {int(number): entry for number, entry in tomllib.loads(text).items()}
    return tuple(Divergence(n, **{k: " ".join(v.split()) for k, v in entries[n].items()}) for n in sorted(entries))


def checks_of(number: int) -> list[Check]:
    """The checks whose case says that they pin a divergence."""
    mark = re.compile(rf"divergence-{number}(?!\d)")
    return [check for check in all_checks() if mark.search(check.case)]

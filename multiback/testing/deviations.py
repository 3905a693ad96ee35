"""Where a backend does not keep a documented meaning: `deviations.toml` beside its adapter, with the reasons.

A key is the id of a check, such as `ops/max_pool/divergence-20/float32`, or a pattern of ids with `*`; or, for a
partial adapter, `needs/conv` or `needs/bfloat16`: a primitive or dtype that it lacks. Nothing else excuses a check, and
an entry whose checks pass, or that matches none, fails the suite.
"""

from __future__ import annotations

import fnmatch
import functools
import importlib.resources
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from multiback.backends.protocol import Adapter
from multiback.errors import AdapterError

NEEDS = "needs/"


@dataclass(frozen=True)
class Deviation:
    """One entry: why the backend deviates, and where that is discussed or written upstream."""

    reason: str
    link: str


@functools.cache
def deviations(adapter: Adapter) -> dict[str, Deviation]:
    """The deviations that an adapter declares, by id or pattern.

    Raises:
        AdapterError: if an entry lacks its reason or link.
    """
    package = adapter.plugin.module.partition(".")[0]
    file = importlib.resources.files(package) / "deviations.toml"
    if not file.is_file():
        return {}
    found = {}
    for name, entry in tomllib.loads(file.read_text()).items():
        if set(entry) != {"reason", "link"}:
            raise AdapterError(f"{package}/deviations.toml: {name!r} needs exactly a reason and a link.")
        found[name] = Deviation(**entry)
    return found


def declared(adapter: Adapter, check_id: str) -> Deviation | None:
    """The entry that covers a check, if there is one."""
    entries = deviations(adapter)
    if check_id in entries:
        return entries[check_id]
    return next((d for pattern, d in entries.items() if fnmatch.fnmatchcase(check_id, _escaped(pattern))), None)


def stale(adapter: Adapter, check_ids: Iterable[str]) -> list[str]:
    """Entries that match none of all the suite's checks, or name a need that the adapter does not have."""
    ids, lacking = list(check_ids), {*adapter.missing_primitives(), *adapter.dtypes_missing}
    return [
        pattern
        for pattern in deviations(adapter)
        if (
            pattern.removeprefix(NEEDS) not in lacking
            if pattern.startswith(NEEDS)
            else not fnmatch.filter(ids, _escaped(pattern))
        )
    ]


def _escaped(pattern: str) -> str:
    """Only `*` is special: ids may hold brackets."""
    return pattern.replace("[", "[[]").replace("?", "[?]")

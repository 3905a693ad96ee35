"""Where a backend does not keep a documented meaning: `deviations.toml` beside its adapter, with the reasons."""

from __future__ import annotations

import functools
import importlib.resources
import tomllib
from dataclasses import dataclass

from multiback.backends.protocol import Adapter
from multiback.errors import AdapterError


@dataclass(frozen=True)
class Deviation:
    """One entry: why the backend deviates, and where that is discussed or written upstream."""

    reason: str
    link: str


@functools.cache
def deviations(adapter: Adapter) -> dict[str, Deviation]:
    """The deviations that an adapter declares, by test id such as `max_pool/special/float32`.

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

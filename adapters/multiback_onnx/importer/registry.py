"""The table of handlers, by op and by the version since which they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Entry:
    """How an op is imported from a version on.

    Attributes:
        function: `function(node, *inputs)` returns the output, or a tuple of outputs; NotImplemented where the function
            that defines the op is to be followed.
        since: The first version of the op that it holds for.
        constants: Positions of inputs that a model holds as fixed numbers, not as weights.
    """

    function: Handler
    since: int
    constants: tuple[int, ...] = ()


_TABLE: dict[tuple[str, str], list[Entry]] = {}


def handler(
    name: str, since: int = 1, *, domain: str = "", constants: tuple[int, ...] = ()
) -> Callable[[Handler], Handler]:
    """Decorator: this function imports the op `name` from version `since` of its domain on."""

    def add(function: Handler) -> Handler:
        entries = _TABLE.setdefault((domain, name), [])
        entries.append(Entry(function, since, constants))
        entries.sort(key=lambda entry: entry.since)
        return function

    return add


def find(domain: str, name: str, version: int) -> Entry | None:
    """The entry with the greatest `since` that is not above the model's version."""
    found = [entry for entry in _TABLE.get((_canonical(domain), name), ()) if entry.since <= version]
    return found[-1] if found else None


def known() -> list[tuple[str, str]]:
    """The ops with handlers, as (domain, name)."""
    return sorted(_TABLE)


def _canonical(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain

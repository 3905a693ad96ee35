"""All that an importer or exporter cannot handle, named at once and before any work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from multiback.errors import UnsupportedModel


@dataclass
class Lacking:
    """An op without a handler.

    Attributes:
        op: Its name.
        count: How often it occurs.
        places: Source lines or node names where it occurs.
        reason: Why it is not supported, where there is more to say.
    """

    op: str
    count: int = 0
    places: list[str] = field(default_factory=list)
    reason: str = ""


class Inventory:
    """Counts what is not supported while a foreign program is looked through.

    Example:
        >>> found = Inventory()
        >>> found.add("aten.my_op", "model.py:12")
        >>> found.raise_if_any("torch", "Net")
    """

    def __init__(self) -> None:
        self.found: dict[str, Lacking] = {}

    def add(self, op: str, place: str = "", reason: str = "") -> None:
        """Counts one more occurrence."""
        lacking = self.found.setdefault(op, Lacking(op, reason=reason))
        lacking.count += 1
        if place and place not in lacking.places:
            lacking.places.append(place)

    def __bool__(self) -> bool:
        return bool(self.found)

    def raise_if_any(self, framework: str, name: str, remedy: str = "") -> None:
        """Raises UnsupportedModel if anything was counted."""
        if self.found:
            refuse(framework, name, self.found.values(), remedy)


def refuse(framework: str, name: str, lacking: Iterable[Lacking], remedy: str = "") -> None:
    """Raises the error that lists all that is not supported.

    Raises:
        UnsupportedModel: always.
    """
    listed = sorted(lacking, key=lambda x: (-x.count, x.op))
    lines = [f"{name!r} needs {len(listed)} {framework} op{'s'[: len(listed) > 1]} that cannot be ported yet:"]
    for item in listed:
        where = f" at {', '.join(item.places[:3])}{', ...' if len(item.places) > 3 else ''}" if item.places else ""
        lines.append(f"  {item.op} ({item.count}x){where}{': ' + item.reason if item.reason else ''}")
    lines.append(
        remedy
        or f'Write a handler with @multiback.porting.register("{framework}", "{listed[0].op}"), '
        "see the guide docs/porting.md; nothing was imported."
    )
    raise UnsupportedModel("\n".join(lines), ops={item.op: item.count for item in listed})

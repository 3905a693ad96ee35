"""`multiback backends`: what is installed, its version and devices; for a missing one, how to install it."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

from multiback.backends import registry, select
from multiback.backends.protocol import Plugin
from multiback.errors import MultibackError


def describe(plugin: Plugin) -> dict[str, Any]:
    """Facts about one backend; starts its framework when that is installed."""
    facts: dict[str, Any] = {"name": plugin.name, "installed": not plugin.missing(), "version": None, "devices": []}
    if plugin.missing():
        return {**facts, "install": plugin.install}
    try:
        adapter = plugin.load()
        facts.update(version=adapter.version(), devices=adapter.devices())
    except MultibackError as error:
        facts.update(version=_installed_version(plugin), problem=str(error))
    return facts


def _installed_version(plugin: Plugin) -> str | None:
    for name in plugin.distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def list_backends(as_json: bool = False) -> None:
    """Prints all backends; the default one is marked."""
    plugins = sorted(registry.plugins().values(), key=lambda p: -p.priority)
    rows = [describe(p) for p in plugins]
    default = select.backend()
    if as_json:
        print(json.dumps({"default": default, "backends": rows}, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "backend", "version", "devices"):
        table.add_column(heading)
    for row in rows:
        mark = "*" if row["name"] == default else ""
        note = ", ".join(row["devices"])
        if not row["installed"]:
            note = f"not installed; {row['install']}"
        elif "problem" in row:
            note = row["problem"]
        table.add_row(mark, row["name"], row["version"] or "-", note)
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    console.print("* the default; choose with backend=, multiback.use_backend(), set_backend() or MULTIBACK_BACKEND")

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
    width = max(len(row["version"] or "-") for row in rows) + 2
    print(f"  {'backend':<12}{'version':<{width}}devices")
    for row in rows:
        mark = "*" if row["name"] == default else " "
        print(f"{mark} {row['name']:<12}{row['version'] or '-':<{width}}{_note(row)}")
    print("* the default; choose with backend=, multiback.use_backend(), set_backend() or MULTIBACK_BACKEND")


def _note(row: dict[str, Any]) -> str:
    if not row["installed"]:
        return f"not installed; {row['install']}"
    return row.get("problem") or ", ".join(row["devices"])

"""Where models come from and go to: entry points of the group `multiback.porters`, loaded on first use."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from multiback.errors import BackendUnavailable, closest
from multiback.porting.layout import Layout

GROUP = "multiback.porters"


@dataclass(frozen=True)
class Porter:
    """Brings models in from a framework and hands them out to it; importing it imports no framework.

    Attributes:
        name: As in `from_<name>` and `to_<name>`.
        importer: A module with `load(source, ...) -> Imported` (or a Model, where the framework's layers are ours).
        exporter: A module with `dump(model, ...)`, and `TARGET` for `to_source`.
        layouts: A module with `LAYOUT`, how it names and lays out weights; importing that imports no framework.
        requires: Import names that must be installed.
        install: The command that installs them.
    """

    name: str
    importer: str = ""
    exporter: str = ""
    layouts: str = ""
    requires: tuple[str, ...] = ()
    install: str = ""

    def module(self, direction: str) -> Any:
        """The module of a direction: "importer" or "exporter".

        Raises:
            BackendUnavailable: if the framework is not installed, or models do not go in this direction.
        """
        path = getattr(self, direction)
        if not path:
            raise BackendUnavailable(f"{self.name!r} has no {direction}.")
        if missing := [r for r in self.requires if importlib.util.find_spec(r) is None]:
            raise BackendUnavailable(
                f"Porting with {self.name!r} needs {', '.join(missing)}, which is not installed. "
                f"Install it: {self.install}"
            )
        return importlib.import_module(path)

    def layout(self) -> Layout:
        """How the framework names and lays out the weights of layers.

        Raises:
            BackendUnavailable: if it has no such table.
        """
        if not self.layouts:
            raise BackendUnavailable(f"{self.name!r} has no table of its layers' weights.")
        return importlib.import_module(self.layouts).LAYOUT


@functools.cache
def porters() -> Mapping[str, Porter]:
    """Every registered porter by name."""
    return {entry.name: entry.load() for entry in importlib.metadata.entry_points(group=GROUP)}


def get_porter(name: str) -> Porter:
    """The porter of this name.

    Raises:
        BackendUnavailable: if there is none.
    """
    if name not in porters():
        known = ", ".join(sorted(porters()))
        raise BackendUnavailable(f"Models are not ported with {name!r}.{closest(name, porters())} Known: {known}.")
    return porters()[name]

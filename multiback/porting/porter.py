"""Where models come from and go to: entry points of the group `multiback.porters`, loaded on first use."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from multiback.errors import BackendUnavailable, closest
from multiback.porting.layout import Layout

if TYPE_CHECKING:
    from multiback.graph.ir import Graph
    from multiback.porting.imported import NativeModel

GROUP = "multiback.porters"


class Importer(Protocol):
    """The module that brings models in."""

    def load(self, source: Any, example_inputs: Any = None, **options: Any) -> Any:
        """An `Imported`, or a Model where the framework's layers are ours; with `port_report` if it compared both."""


class Exporter(Protocol):
    """The module that hands models out.

    Attributes:
        TARGET: How the framework's source is written, for `to_source`; None where it has none.
    """

    TARGET: Any

    def dump(self, model: Any, **options: Any) -> Any:
        """The model in the framework."""

    def native(self, result: Any, model: Any) -> NativeModel:
        """What `dump` gave, as the verification runs it: gradients and statistics by the names and layouts of the model
        that it came from, as `multiback.porting.forward_graph` gives them."""

    def unsupported(self, graph: Graph) -> Mapping[str, int]:
        """The ops of a graph that cannot be written, with their counts."""

    def check_name(self, path: str) -> None:
        """Raises ArgumentError if a file of the framework cannot have this name; absent where it has no files."""

    def write(self, result: Any, path: str, model: Any) -> None:
        """Writes what `dump` gave, whole or not at all; absent where the framework has no files of models."""


@dataclass(frozen=True)
class Porter:
    """Brings models in from a framework and hands them out to it; importing it imports no framework.

    Attributes:
        name: As in `from_<name>` and `to_<name>`.
        importer: A module that is an `Importer`; empty if models do not come from there.
        exporter: A module that is an `Exporter`.
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

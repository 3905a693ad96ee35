"""What was measured on this machine, one JSON file for each backend, version and processor in the user's cache."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiback.backends.protocol import Adapter, Plugin

FORMAT = "multiback-tuning/1"


class Records:
    """Seconds by key and way; read when made, and written at each new entry by replacing the file.

    Arguments:
        path: The file, or None to remember in this process only.
        about: What the measurements hold for, for a reader of the file.
    """

    def __init__(self, path: Path | None, about: dict[str, Any]) -> None:
        self.path = path
        self.about = about
        self._entries: dict[str, dict[str, float]] = {}
        self._read()

    def has(self, prefix: str) -> bool:
        """Whether there are entries whose keys begin so."""
        return any(key.startswith(prefix) for key in self._entries)

    def get(self, key: str) -> dict[str, float] | None:
        """Seconds by way, or None."""
        return self._entries.get(key)

    def put(self, key: str, seconds: dict[str, float]) -> None:
        """Remembers an entry; a file that cannot be written is left alone."""
        self._read()
        self._entries[key] = {name: float(value) for name, value in seconds.items()}
        self._write()

    def forget(self) -> None:
        """Empties the records, the file too."""
        self._entries.clear()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def items(self) -> dict[str, dict[str, float]]:
        """A copy of all entries."""
        return {key: dict(value) for key, value in self._entries.items()}

    def _read(self) -> None:
        if self.path is None:
            return
        with suppress(OSError, ValueError, AttributeError, TypeError):
            document = json.loads(self.path.read_text("utf-8"))
            if document["format"] == FORMAT:
                found = {
                    str(key): {str(n): float(s) for n, s in ways.items()} for key, ways in document["entries"].items()
                }
                self._entries = {**self._entries, **found}

    def _write(self) -> None:
        if self.path is None:
            return
        document = {"format": FORMAT, "about": self.about, "entries": self._entries}
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".tuning-")
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(document, stream, indent=1, sort_keys=True)
            os.replace(name, self.path)


def folder() -> Path | None:
    """Where the files lie: MULTIBACK_CACHE, else `multiback` in the user's cache; None if MULTIBACK_CACHE is empty."""
    given = os.environ.get("MULTIBACK_CACHE")
    if given is not None:
        return Path(given) if given else None
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "multiback"


def of(adapter: Adapter) -> Records:
    """The records for a backend as it runs now: its version, the processor, the device and the number of threads."""
    about = {"backend": adapter.name, "version": _version(adapter), **_machine()}
    return _records(folder(), adapter.name, json.dumps(about, sort_keys=True))


def of_backends(plugins: Sequence[Plugin]) -> Records:
    """The records that compare backends, as they are installed; imports none of them."""
    about = {**{p.name: _installed(p.distributions) for p in plugins}, **_machine()}
    return _records(folder(), "backends", json.dumps(about, sort_keys=True))


def _machine() -> dict[str, Any]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processor": _processor(), "cores": cores}


@functools.cache
def _records(where: Path | None, name: str, about: str) -> Records:
    digest = hashlib.sha256(about.encode()).hexdigest()[:12]
    return Records(where / f"tuning-{name}-{digest}.json" if where else None, json.loads(about))


@functools.cache
def _installed(distributions: tuple[str, ...]) -> str:
    for name in distributions:
        with suppress(metadata.PackageNotFoundError):
            return metadata.version(name)
    return "not installed"


@functools.cache
def _version(adapter: Adapter) -> str:
    return adapter.version()


@functools.cache
def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

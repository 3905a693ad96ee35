"""Reports of a run: JSON, and from it HTML, JUnit XML and Markdown."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from multiback.errors import ArgumentError

_WRITERS = {".json": "json_report", ".xml": "junit", ".md": "markdown", ".html": "html"}


def check_path(path: str | Path) -> None:
    """Refuses a report's path before anything is run.

    Raises:
        ArgumentError: if its suffix is not .json, .xml, .md or .html, or its folder does not exist.
    """
    path = Path(path)
    if path.suffix not in _WRITERS:
        raise ArgumentError(f"A report is written as {', '.join(_WRITERS)}; got {str(path)!r}.")
    if not path.resolve().parent.is_dir():
        raise ArgumentError(f"The folder of the report {str(path)!r} does not exist.")


def write_report(report: dict[str, Any], path: str | Path, **options: Any) -> None:
    """Writes a report in the form that the path's suffix names."""
    check_path(path)
    importlib.import_module(f"{__name__}.{_WRITERS[Path(path).suffix]}").write(report, path, **options)

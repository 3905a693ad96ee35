"""The report as one self-contained page: scores, accuracy, a matrix with drill-down, deviations, changes."""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path

from multiback.testing.report.json_report import Report


def render(report: Report, earlier: Report | None = None) -> str:
    """The page, with the report's data, styles and script inside; it loads nothing.

    Arguments:
        report: Of this run.
        earlier: Of a run to compare with.
    """
    assets = importlib.resources.files(__package__) / "assets"
    page = (assets / "page.html").read_text()
    for mark, text in (
        ("/*STYLE*/", (assets / "page.css").read_text()),
        ("/*SCRIPT*/", (assets / "page.js").read_text()),
        ("/*REPORT*/", _embedded(report)),
        ("/*EARLIER*/", _embedded(earlier)),
    ):
        page = page.replace(mark, text, 1)
    return page


def write(report: Report, path: str | Path, earlier: Report | None = None) -> None:
    """Writes the page."""
    Path(path).write_text(render(report, earlier))


def _embedded(report: Report | None) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(report, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")

"""The report as Markdown: a badge and a table of passes by chapter and backend."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from multiback.testing.report.json_report import Report


def badge(report: Report, backend: str) -> str:
    """A Markdown image that shows how many checks a backend passes, of how many."""
    summary = report["backends"][backend]["summary"]
    share = summary["passed"] / summary["total"] if summary["total"] else 0.0
    colour = "brightgreen" if summary["passed"] == summary["total"] else "green" if share > 0.99 else "orange"
    label = quote(f"multiback {report['suite']['version']} {backend}".replace("-", "--"))
    value = quote(f"{summary['passed']} of {summary['total']}")
    return f"![{backend}: {summary['passed']} of {summary['total']}](https://img.shields.io/badge/{label}-{value}-{colour})"


def render(report: Report) -> str:
    """Badges, then checks passed of checks run, by chapter and backend, then what is declared or fails."""
    backends = list(report["backends"])
    lines = [" ".join(badge(report, name) for name in backends), ""]
    versions = [f"{name} {report['backends'][name]['version']}" for name in backends]
    lines += ["| | " + " | ".join(versions) + " |", "|---|" + "---|" * len(backends)]
    for kind in report["suite"]["kinds"]:
        lines.append(f"| {kind} | " + " | ".join(_cell(report, kind, name) for name in backends) + " |")
    lines.append("| **all** | " + " | ".join(f"**{_cell(report, None, name)}**" for name in backends) + " |")
    for title, wanted in (("Declared deviations", True), ("Not passed", False)):
        rows = [r for r in report["results"] if r["status"] != "passed" and r["acceptable"] is wanted]
        if rows:
            lines += ["", f"### {title}", "", "| backend | check | reason |", "|---|---|---|"]
            lines += [f"| {r['backend']} | `{r['id']}` | {_reason(r)} |" for r in rows]
    return "\n".join(lines) + "\n"


def write(report: Report, path: str | Path) -> None:
    """Writes the report as Markdown."""
    Path(path).write_text(render(report))


def _cell(report: Report, kind: str | None, backend: str) -> str:
    own = [r for r in report["results"] if r["backend"] == backend and kind in (None, r["kind"])]
    return f"{sum(r['status'] == 'passed' for r in own)} of {len(own)}"


def _reason(result: dict) -> str:
    if result["deviation"]:
        text = " ".join(result["deviation"]["reason"].split())
        return f"{text} [upstream]({result['deviation']['link']})"
    return " ".join(f"{result['status']}: {result['message']}".split())[:300].replace("|", "\\|")

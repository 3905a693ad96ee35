"""The page and the summary of a record.

python benchmarks/page.py build/bench.json --html build/bench.html --markdown docs/performance-results.md
"""

import argparse
import json
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import tables
from charts import Bar, Line, lines, ratio_bars, share_bars, tag
from report import PHASES, SCHEMA, native
from summary import markdown
from targets import BACKENDS, TARGET_WORKLOADS, Verdict, entry_of, points, to_best_native, to_native, verdicts

AXES = {"depth": "Dense(64) layers", "batch": "batch size", "width": "units in each of two layers"}
MARKS = {True: ("reached", "✓ reached"), False: ("missed", "✗ not reached"), None: ("unmeasured", "– not measured")}


def render(record: dict[str, Any]) -> str:
    """The whole page; it loads nothing."""
    sections = [_header(record), _means(record), _goals(verdicts(record))]
    sections += [_ratios(record, phase) for phase in PHASES]
    sections += [_auto(record), _scaling(record), _limits(record), _once(record), _everything(record)]
    style = Path(__file__).with_name("page.css").read_text()
    head = tag("meta", charset="utf-8").replace("</meta>", "") + (
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>multiback: speed</title><style>{style}</style>"
    )
    body = tag("main", *(section for section in sections if section))
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def publish(record: dict[str, Any], html: Path | None, summary: Path | None) -> None:
    """Writes the page and the summary.

    Raises ValueError for a record of another schema.
    """
    if record.get("schema") != SCHEMA:
        raise ValueError(
            f"this reads records of schema {SCHEMA}, got {record.get('schema')!r}: run the benchmark again"
        )
    for path, make in ((html, render), (summary, markdown)):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(make(record))


def _section(title: str, about: str, *parts: str) -> str:
    return tag("section", tag("h2", escape(title)), tag("p", about, class_="soft"), *parts)


def _panels(*panels: tuple[str, str]) -> str:
    shown = (tag("div", tag("h3", escape(title)), chart, class_="panel") for title, chart in panels if chart)
    return tag("div", *shown, class_="panels")


def _key(*entries: tuple[str, str]) -> str:
    return tag("div", *(tag("span", tag("i", class_=style), escape(label)) for style, label in entries), class_="key")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], failed: Sequence[bool] = ()) -> str:
    def cells(name: str, row: Sequence[str]) -> list[str]:
        return [tag(name, escape(cell), class_="number" if column else "") for column, cell in enumerate(row)]

    marks = list(failed) or [False] * len(rows)
    body = (
        tag("tr", *cells("td", row), class_="failed" if mark else "") for row, mark in zip(rows, marks, strict=True)
    )
    whole = tag("table", tag("thead", tag("tr", *cells("th", head))), tag("tbody", *body))
    return tag("div", whole, class_="scroll") if rows else ""


def _header(record: dict[str, Any]) -> str:
    before, after = record["before"], record["after"]
    loads = " to ".join(f"{facts['load_average'][0]:.1f}" for facts in (before, after))
    options = record["options"]
    how = "a smoke run, whose times mean nothing" if options["smoke"] else f"{options['rounds']} rounds"
    versions = ", ".join(f"{name} {version}" for name, version in tables.versions(record).items())
    about = (
        f"{before['processor']}, {before['cores']} cores, everything on core {before['pinned_to_core']}; "
        f"{before['system']}; Python {before['python']}; {versions}. Commit {before['commit']}, {before['time']}; "
        f"{how}; load of the machine {loads}."
    )
    return tag("header", tag("h1", "multiback: speed on the CPU"), tag("p", escape(about), class_="soft"))


def _means(record: dict[str, Any]) -> str:
    tiles = []
    for comparison in tables.comparisons(record):
        mean = comparison.mean(TARGET_WORKLOADS) or comparison.mean()
        label = f"x {comparison.name}"
        more = f"all {len({point.workload for point in comparison.points})} workloads: {comparison.mean():.2f}"
        tiles.append(tag("div", tag("b", f"{mean:.2f}"), tag("span", escape(label)), tag("span", more), class_="tile"))
    if not tiles:
        return ""
    about = (
        "Geometric means of the ratios of multiback's CPU time to that of others, over training and inference of the "
        f"workloads that the goals name ({', '.join(TARGET_WORKLOADS)}). Smaller is better; 1 is equal."
    )
    return _section("In short", about, tag("div", *tiles, class_="tiles"))


def _goals(found: Sequence[Verdict]) -> str:
    rows, group = [], ""
    for verdict in found:
        style, mark = MARKS[verdict.reached]
        detail = tag("span", escape(verdict.detail), class_="soft") if verdict.detail else ""
        rows.append(
            tag(
                "tr",
                tag("td", escape(verdict.group if verdict.group != group else ""), class_="group"),
                tag("td", escape(verdict.subject), class_="subject"),
                tag("td", escape(verdict.goal), class_="goal"),
                tag("td", escape(verdict.measured), detail),
                tag("td", mark, class_=f"verdict {style}"),
            )
        )
        group = verdict.group
    head = tag("tr", *(tag("th", name) for name in ("against", "backend", "goal", "measured", "")))
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="goals")
    reached = sum(verdict.reached is True for verdict in found)
    return _section("Goals", f"{reached} of {len(found)} reached.", tag("div", table, class_="scroll"))


def _ratios(record: dict[str, Any], phase: str) -> str:
    panels = []
    for name in BACKENDS:
        rows = []
        for measured in record["workloads"]:
            bars = []
            for library, style in (("multiback", "multiback"), ("keras", "keras")):
                one = {**record, "workloads": [measured]}
                found = [p for p in points(one, f"{library}-{name}", to_native(name)) if p.phase == phase]
                bars += [_ratio_bar(f"{library}-{name}", style, point) for point in found]
            if bars:
                own = entry_of(measured, f"multiback-{name}")
                mark = " (failed)" if own and own["failures"] else ""
                rows.append((measured["name"] + mark, bars))
        panels.append((name, ratio_bars(f"{phase} on {name}, ratio to native code", rows) if rows else ""))
    if not any(chart for _, chart in panels):
        return ""
    about = (
        f"CPU time of {'a training step' if phase == 'train' else 'inference on a batch'} divided by that of the "
        "fastest idiomatic native code of the same framework (1, the strong line; to the left is quicker). The thin "
        "lines go from the smallest to the largest ratio of any round."
    )
    title = tables.PHASE_NAMES[phase].capitalize() + ", against native code"
    return _section(title, about, _key(("multiback", "multiback"), ("keras", "Keras 3")), _panels(*panels))


def _ratio_bar(peer: str, style: str, point: Any) -> Bar:
    value, low, high = point.ratio.value, point.ratio.low, point.ratio.high
    return Bar(style, value, low, high, f"{peer} on {point.workload}: {value:.2f} ({low:.2f} to {high:.2f})")


def _auto(record: dict[str, Any]) -> str:
    found = points(record, "multiback-auto", to_best_native)
    if not found:
        return ""
    panels = []
    for phase in PHASES:
        rows = [(p.workload, [_ratio_bar("multiback-auto", "multiback", p)]) for p in found if p.phase == phase]
        panels.append((tables.PHASE_NAMES[phase], ratio_bars(f"auto against the best native code, {phase}", rows)))
    about = 'multiback with backend="auto" against whichever native code is the fastest of all frameworks.'
    return _section("The backend chosen by measuring", about, _panels(*panels))


def _scaling(record: dict[str, Any]) -> str:
    panels = []
    for family, axis in AXES.items():
        measured = [point for point in record["scaling"] if point["family"] == family]
        for name in BACKENDS:
            series = [
                Line(f"{style} {phase}", f"{label} {name}, {phase}", _line(measured, pick, phase))
                for style, label, pick in _pairs(name)
                for phase in PHASES
            ]
            series = [line for line in series if line.points]
            panels.append((f"{family}: {name}", lines(f"{family} on {name}", axis, series, "ms")))
    if not any(chart for _, chart in panels):
        return ""
    about = (
        "CPU milliseconds of a step on logarithmic axes, with the range over the rounds. Depth: so many Dense(64), "
        "batch 32. Batch: the model of mlp-tiny. Width: two hidden layers of so many units, batch 32."
    )
    key = _key(
        ("multiback", "multiback"), ("native", "native (the faster)"), ("dashed", "inference; unbroken: training")
    )
    return _section("Scaling", about, key, _panels(*panels), _table(*tables.layer_rows(record)))


def _pairs(name: str) -> Sequence[tuple[str, str, Callable[[Any, str], Any]]]:
    return (
        ("native", "native", lambda measured, phase: native(measured, name, phase)),
        ("multiback", "multiback", lambda measured, phase: entry_of(measured, f"multiback-{name}")),
    )


def _line(measured: list[Any], pick: Callable[[Any, str], Any], phase: str) -> list[tuple[float, float, float, float]]:
    line = []
    for point in measured:
        entry = pick(point, phase)
        if entry and phase in entry:
            rounds = [value for value in entry[phase]["cpu"]["step_ms_by_round"] if value > 0]
            line.append((point["value"], entry[phase]["cpu"]["step_ms"], min(rounds), max(rounds)))
    return [point for point in line if point[1] > 0]


def _limits(record: dict[str, Any]) -> str:
    limits = record.get("limits")
    if not limits:
        return ""
    panels = []
    for phase in PHASES:
        rows = []
        for measured in record["workloads"]:
            best = to_best_native(measured, phase)
            ours = [f"multiback-{name}" for name in BACKENDS if entry_of(measured, f"multiback-{name}")]
            shares = {p: tables.share_of_limit(record, measured, p, phase) for p in ours}
            known = {peer: share for peer, share in shares.items() if share is not None}
            bars = []
            if known:
                peer = max(known, key=lambda p: known[p])
                bars.append(_share_bar("multiback", peer, known[peer]))
            share = tables.share_of_limit(record, measured, best["peer"], phase) if best else None
            if best and share is not None:
                bars.append(_share_bar("native", best["peer"], share))
            if bars:
                rows.append((measured["name"], bars))
        panels.append((tables.PHASE_NAMES[phase], share_bars(f"share of the limit, {phase}", rows) if rows else ""))
    best = limits["best_gemm"]
    about = (
        f"The limit is the quickest float32 matrix product measured on this core: {best['gflops']:.0f} GFLOP/s, in "
        f"{escape(best['library'])}. Bars show which share of it the best multiback and the best native code attain; "
        "operations are counted from the model's graph (forward and backward pass, without the optimizer). Copying "
        f"memory runs at {limits['copy_gb_s']:.0f} GB/s, read and write."
    )
    key = _key(("multiback", "multiback, its best backend"), ("native", "best native"))
    return _section("Limits of the machine", about, key, _panels(*panels), _table(*tables.limit_rows(record)))


def _share_bar(style: str, peer: str, share: float) -> Bar:
    return Bar(style, share, share, share, f"{peer}: {100 * share:.0f} %")


def _once(record: dict[str, Any]) -> str:
    if "once" not in record:
        return ""
    about = (
        "CPU seconds from the start of a fresh process, the median of three: importing alone; then everything up to "
        "the end of the first training step of mlp-tiny. Below: what a call on one batch costs beyond its step."
    )
    return _section("Paid once", about, _table(*tables.once_rows(record)), _table(*tables.call_rows(record)))


def _everything(record: dict[str, Any]) -> str:
    parts = []
    for measured in record["workloads"]:
        head, rows = tables.peer_rows(measured)
        failed = [bool(entry["failures"]) for entry in measured["entries"]]
        notes = [
            tag("p", escape(f"{entry['peer']}: {failure}"), class_="missed")
            for entry in measured["entries"]
            for failure in entry["failures"]
        ]
        title = f"{measured['name']}: {measured['title']}, {measured['parameters']:,} parameters"
        parts.append(tag("details", tag("summary", escape(title)), _table(head, rows, failed), *notes))
    if not parts:
        return ""
    about = (
        "Medians per step; spread is (max - min) / median over the rounds; call is the fixed cost of a call, from "
        "chunks of two lengths; first is the first training step. Rows in red failed a check."
    )
    return _section("Every figure", about, *parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read a record and write what is asked for."""
    parser = argparse.ArgumentParser(description="The page and the summary of a benchmark's record.")
    parser.add_argument("record", type=Path, help="a JSON file that run.py wrote")
    parser.add_argument("--html", type=Path, default=None, help="file for the page")
    parser.add_argument("--markdown", type=Path, default=None, help="file for the summary")
    options = parser.parse_args(arguments)
    publish(json.loads(options.record.read_text()), options.html, options.markdown)


if __name__ == "__main__":
    main()

"""The summary of a record in Markdown."""

from collections.abc import Sequence
from typing import Any

import tables
from report import PHASES
from targets import TARGET_WORKLOADS, Verdict, entry_of, verdicts

MARKS = {True: "reached", False: "**not reached**", None: "not measured"}


def markdown(record: dict[str, Any]) -> str:
    """What was measured, as tables."""
    before, after = record["before"], record["after"]
    loads = " to ".join(f"{facts['load_average'][0]:.1f}" for facts in (before, after))
    versions = ", ".join(f"{name} {version}" for name, version in tables.versions(record).items())
    found = verdicts(record)
    parts = [
        "# Results on the CPU",
        "Written by `make bench`; [performance.md](performance.md) says how it is measured.",
        f"{before['processor']}, {before['cores']} cores, everything on one; {before['memory']}; Python "
        f"{before['python']}; {versions}. Commit {before['commit']}, {before['time']}, {record['options']['rounds']} "
        f"rounds, load of the machine {loads}.",
        *_smoke(record),
        "## Goals",
        f"{sum(v.reached is True for v in found)} of {len(found)} reached, on {', '.join(TARGET_WORKLOADS)}.",
        _goals(found),
        "## Geometric means of multiback's CPU time against others",
        _table(*tables.mean_rows(record)),
    ]
    for phase in PHASES:
        parts += [f"## CPU milliseconds of {tables.PHASE_NAMES[phase]}", _table(*tables.step_rows(record, phase))]
    if "limits" in record:
        parts += ["## Share of the machine's limit", _limits(record), _table(*tables.limit_rows(record))]
        parts += [f"Copying memory: {record['limits']['copy_gb_s']:.0f} GB/s, read and write.", _shares(record)]
    layers = tables.layer_rows(record)
    if layers[1]:
        parts += ["## One layer more", _table(*layers)]
    if "once" in record:
        parts += ["## Paid once", _table(*tables.once_rows(record)), _table(*tables.call_rows(record))]
    failures = [
        f"- {measured['name']}, {entry['peer']}: {' '.join(failure.split())}"
        for measured in (*record["workloads"], *record["scaling"])
        for entry in measured["entries"]
        for failure in entry["failures"]
    ]
    if failures:
        parts += ["## Failed checks", "\n".join(failures)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _smoke(record: dict[str, Any]) -> list[str]:
    return ["A smoke run: its times mean nothing."] if record["options"]["smoke"] else []


def _goals(found: Sequence[Verdict]) -> str:
    rows = [
        [v.group, v.subject, v.goal, v.measured + (f" ({v.detail})" if v.detail else ""), MARKS[v.reached]]
        for v in found
    ]
    return _table(["against", "backend", "goal", "measured", ""], rows)


def _limits(record: dict[str, Any]) -> str:
    best = record["limits"]["best_gemm"]
    return (
        f"The limit is the quickest float32 matrix product on this core: {best['gflops']:.0f} GFLOP/s, in "
        f"{best['library']}. Operations are counted from the model's graph: forward and backward pass, "
        "without the optimizer."
    )


def _shares(record: dict[str, Any]) -> str:
    peers = list(dict.fromkeys(entry["peer"] for each in record["workloads"] for entry in each["entries"]))
    peers = [peer for peer in peers if not peer.startswith("keras")]
    rows = []
    for measured in record["workloads"]:
        operations = measured["operations"].get("train")
        row = [measured["name"], f"{operations / 1e6:,.1f}" if operations else "-"]
        for peer in peers:
            share = tables.share_of_limit(record, measured, peer, "train") if entry_of(measured, peer) else None
            row.append("-" if share is None else f"{100 * share:.0f} %")
        rows.append(row)
    return _table(["training step", "MFLOP", *peers], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)

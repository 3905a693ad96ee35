"""`multiback conformance`: the suite, an adapter from elsewhere, or one's own model, judged on installed backends."""

from __future__ import annotations

import argparse
import importlib.util
import os
from typing import Any

from multiback.errors import ArgumentError

DESCRIPTION = """Judges whether backends compute what multiback documents.

  multiback conformance                                     every check on every installed backend
  multiback conformance --backend torch --only matmul,lstm  some checks on one
  multiback conformance --report report.html --report run.json
  multiback conformance --adapter my_package                an adapter from another distribution
  multiback conformance --model net.keras --data batch.npz  one's own model on all backends
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's options."""
    parser.add_argument("--backend", action="append", metavar="NAME", help="only this backend; may be repeated")
    parser.add_argument("--adapter", metavar="PACKAGE", help="judge the adapter whose plugin is PACKAGE.adapter")
    parser.add_argument(
        "--only", default="", metavar="A,B", help="chapters, families or names of ops, layers..., patterns of ids"
    )
    parser.add_argument("--dtype", default="", metavar="A,B", help="only checks in these dtypes")
    parser.add_argument("--device", help="where to run; one that `multiback backends` lists")
    parser.add_argument("--seed", type=int, default=0, help="of the drawn operands (default 0)")
    parser.add_argument("--thorough", action="store_true", help="also the long sweeps")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (default: one per core)"
    )
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="FILE",
        help="write .html, .json, .xml (JUnit) or .md; for a model .json or a folder",
    )
    parser.add_argument("--compare", metavar="FILE", help="an earlier .json report to compare with")
    parser.add_argument("--list", action="store_true", help="list the checks without running them")
    parser.add_argument("--model", metavar="FILE", help="a .keras file to check instead of the suite")
    parser.add_argument("--data", metavar="FILE", help="a .npz file with x, and y if it is compiled")
    parser.add_argument("--float64", action="store_true", help="compute the model in float64 on every backend")
    parser.add_argument(
        "--every-equation", action="store_true", help="judge each equation of the model, not only the first guilty one"
    )


def run(given: argparse.Namespace) -> int:
    """Runs the command; the exit status is 1 if anything is out of its bound."""
    if given.model or given.data:
        return _judge_model(given)
    if importlib.util.find_spec("hypothesis") is None:
        raise ArgumentError(
            "The suite draws operands with Hypothesis. Install it: pip install 'multiback[conformance]'"
        )
    from multiback.testing import report as reports
    from multiback.testing.report import json_report

    for path in given.report:
        reports.check_path(path)
    earlier = json_report.read(given.compare) if given.compare else None
    report = _run_suite(given)
    if report is None:
        return 0
    for path in given.report:
        reports.write_report(report, path, **({"earlier": earlier} if path.endswith(".html") else {}))
    from multiback.cli.conformance_summary import show_changes, show_summary

    show_summary(report)
    if earlier is not None:
        show_changes(earlier, report)
    suite = report["suite"]
    bad = suite["uncovered"] or suite["stale"] or any(not r["acceptable"] for r in report["results"])
    return 1 if bad else 0


def _run_suite(given: argparse.Namespace) -> dict[str, Any] | None:
    from multiback.backends.registry import available_backends, get_adapter
    from multiback.cli.conformance_summary import Progress
    from multiback.testing import collection, deviations
    from multiback.testing.report import json_report
    from multiback.testing.workers import run_all

    plugin = _plugin_of(given.adapter) if given.adapter else None
    if plugin is not None and given.backend not in (None, [plugin.name]):
        raise ArgumentError("Give --adapter or --backend, not both.")
    only, dtypes = (tuple(filter(None, text.split(","))) for text in (given.only, given.dtype))
    checks = list(collection.select(only, dtypes, given.thorough))
    if given.list:
        print("\n".join(check.id for check in checks))
        return None
    names = [plugin.name] if plugin else given.backend or available_backends()
    adapters = [get_adapter(name) for name in names]
    for adapter in adapters if given.device else ():
        with adapter.on_device(given.device):
            pass
    work = {a.name: [c.id for c in checks if c.concerns(a)] for a in adapters}
    with Progress(sum(map(len, work.values()))) as progress:
        records = []
        for record in run_all(work, given.workers, given.adapter, given.device, given.seed):
            records.append(record)
            progress.show(record)
    whole = not only and not dtypes
    ids = [check.id for check in collection.all_checks()]
    stale = {a.name: found for a in adapters if (found := deviations.stale(a, ids))} if whole else {}
    order = {name: i for i, name in enumerate(ids)}
    records.sort(key=lambda r: (names.index(r["backend"]), order[r["id"]]))
    selection = {
        "only": list(only),
        "dtype": list(dtypes),
        "thorough": given.thorough,
        "seed": given.seed,
        "device": given.device,
        "backends": names,
    }
    return json_report.build(records, adapters, selection, collection.uncovered() if whole else {}, stale)


def _plugin_of(package: str) -> Any:
    """Imports a package and registers the plugin that it holds."""
    from multiback.testing.workers import register_adapter

    return register_adapter(package)


def _judge_model(given: argparse.Namespace) -> int:
    from multiback.cli.conformance_model import judge_model

    if not (given.model and given.data):
        raise ArgumentError("--model and --data go together: a .keras file, and a .npz file with x (and y).")
    options = {"float64": given.float64, "every_equation": given.every_equation}
    return judge_model(given.model, given.data, given.backend, given.report, **options)

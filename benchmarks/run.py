"""Benchmark multiback against native torch, jax and tensorflow code and against Keras 3; see README.md."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import page
from flops import operations
from limits import limits
from machine import facts
from measure import Settings, measure
from once import once
from peers import ENVIRONMENT, FRAMEWORKS, PEERS, PeerSpec
from processes import available_cores
from report import SCHEMA, once_table, step_table, workload_record, write
from rich.console import Console
from targets import TARGET_WORKLOADS
from workloads import WORKLOADS, Chunks, Workload, scaling

PARTS = ("limits", "workloads", "scaling", "once")
SCALES = {"depth": (2, 8, 32, 64), "batch": (1, 8, 64, 512), "width": (32, 128, 512, 1024)}
SCALING_ROUNDS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 when a peer failed a check, else 0."""
    options = _options(arguments)
    console, progress = Console(), Console(stderr=True)
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "before": facts(options.core),
        "options": {"rounds": options.rounds, "quick": options.quick, "smoke": options.smoke},
        "workloads": [],
        "scaling": [],
    }

    def save() -> None:
        record["after"] = facts(options.core)
        if options.json:
            write(record, options.json)

    with _cache(options.cache) as folder, progress.status("") as status:
        settings = Settings(options.rounds, options.core, tuple(available_cores()), {"MULTIBACK_CACHE": str(folder)})
        if "limits" in options.parts:
            record["limits"] = limits(options.core, ENVIRONMENT, status.update)
        if "workloads" in options.parts:
            for workload in options.workloads:
                chosen = [spec for spec in options.peers if spec.supports(workload)]
                results = measure(_shortened(workload, options), chosen, settings, status.update)
                record["workloads"].append(workload_record(workload, results, _counted(workload)))
                _show(console, record["workloads"][-1])
                save()
        if "scaling" in options.parts:
            scaled = replace(settings, rounds=min(settings.rounds, SCALING_ROUNDS))
            specs = [spec for spec in options.peers if not spec.only and spec.name.startswith(("native", "multiback"))]
            for family, values in SCALES.items():
                for value in values:
                    workload = scaling(family, value)
                    results = measure(_shortened(workload, options), specs, scaled, status.update)
                    point = workload_record(workload, results, _counted(workload))
                    record["scaling"].append({"family": family, "value": value, **point})
                    _show(console, record["scaling"][-1])
                    save()
        if "once" in options.parts:
            specs = [spec for spec in options.peers if not spec.only]
            record["once"] = once(specs, options.backends, settings, status.update)
    save()
    if options.smoke:
        console.print("A smoke run shows that everything works; its times mean nothing.")
    if options.html or options.markdown:
        page.publish(record, options.html, options.markdown)
    entries = [entry for each in (*record["workloads"], *record["scaling"]) for entry in each["entries"]]
    return int(any(entry["failures"] for entry in entries))


def _counted(workload: Workload) -> dict[str, Any]:
    """The operations of a workload; what goes wrong in counting them must not lose what was measured."""
    try:
        return operations(workload)
    except Exception as error:
        return {"failure": f"{type(error).__name__}: {error}"}


def _show(console: Console, measured: dict[str, Any]) -> None:
    console.print(step_table(measured), once_table(measured))
    for entry in measured["entries"]:
        for failure in entry["failures"]:
            console.print(f"{entry['peer']}: {failure}", style="red", markup=False, highlight=False)


def _shortened(workload: Workload, options: argparse.Namespace) -> Workload:
    return replace(workload, train=Chunks(2, 8), predict=Chunks(2, 8)) if options.smoke else workload


@contextmanager
def _cache(given: Path | None) -> Iterator[Path]:
    """The folder where multiback remembers what it measured: an empty one for every run, unless one is given."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="multiback-benchmarks-") as folder:
        yield Path(folder)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--workloads", type=_workloads, default="*", help=", ".join(WORKLOADS))
    parser.add_argument("--backends", type=_backends, default="*", help=", ".join(FRAMEWORKS))
    parser.add_argument("--peers", type=_peers, default="*", help="names or patterns of peers: " + ", ".join(PEERS))
    parser.add_argument("--parts", type=_parts, default="*", help="what to measure: " + ", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds, after one that warms up")
    parser.add_argument("--core", type=int, default=available_cores()[-1], help="the core where everything is timed")
    parser.add_argument("--cache", type=Path, default=None, help="what multiback has measured before; None: nothing")
    parser.add_argument("--json", type=Path, default=None, help="file for the full record, written as it grows")
    parser.add_argument("--html", type=Path, default=None, help="file for the page with charts")
    parser.add_argument("--markdown", type=Path, default=None, help="file for the summary")
    parser.add_argument("--quick", action="store_true", help="3 rounds, the workloads of the targets, no Keras")
    parser.add_argument("--smoke", action="store_true", help="few steps: shows that everything runs, measures nothing")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds = min(options.rounds, 3)
        options.workloads = [workload for workload in options.workloads if workload.name in TARGET_WORKLOADS]
        options.peers = [spec for spec in options.peers if spec.name.startswith(("native", "multiback"))]
    options.peers = [spec for spec in options.peers if spec.framework in options.backends or _any_backend(spec)]
    return options


def _any_backend(spec: PeerSpec) -> bool:
    return spec.framework not in FRAMEWORKS


def _workloads(text: str) -> list[Workload]:
    return [WORKLOADS[name] for name in known(text, list(WORKLOADS))]


def _backends(text: str) -> list[str]:
    return known(text, list(FRAMEWORKS))


def _peers(text: str) -> list[PeerSpec]:
    return [PEERS[name] for name in known(text, list(PEERS))]


def _parts(text: str) -> list[str]:
    return known(text, list(PARTS))


def known(text: str, names: list[str]) -> list[str]:
    """The names that match one of the patterns, which are separated by commas.

    Raises argparse.ArgumentTypeError for a pattern that matches none.
    """
    patterns = text.split(",")
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise argparse.ArgumentTypeError(f"nothing is called {pattern!r}; there are {', '.join(names)}")
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())

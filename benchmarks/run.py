"""Benchmark multiback against native torch, jax and tensorflow code and against Keras 3; see README.md."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from machine import facts
from measure import Settings, measure
from peers import FRAMEWORKS, PEERS, PeerSpec
from processes import available_cores
from report import once_table, record, step_table
from rich.console import Console
from workloads import WORKLOADS, Chunks, Workload


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 when a peer failed a check, else 0."""
    options = _parser().parse_args(arguments)
    console, progress = Console(), Console(stderr=True)
    before, entries = facts(options.core), []
    settings = Settings(options.rounds, options.core, tuple(available_cores()))
    for workload in options.workloads:
        chosen = [spec for spec in options.peers if spec.framework in options.backends and spec.supports(workload)]
        if options.smoke:
            workload = replace(workload, train=Chunks(2, 8), predict=Chunks(2, 8))
        with progress.status("") as status:
            results = measure(workload, chosen, settings, status.update)
        new = record(workload, results)
        console.print(step_table(workload, new), once_table(new))
        for entry in new:
            for failure in entry["failures"]:
                console.print(f"{entry['peer']}: {failure}", style="red", markup=False, highlight=False)
        entries += new
        if options.json:
            document = {"before": before, "after": facts(options.core), "smoke": options.smoke, "results": entries}
            options.json.write_text(json.dumps(document, indent=1) + "\n")
    if options.smoke:
        console.print("A smoke run shows that everything works; its times mean nothing.")
    return int(any(entry["failures"] for entry in entries))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--workloads", type=_workloads, default="*", help=", ".join(WORKLOADS))
    parser.add_argument("--backends", type=_backends, default="*", help=", ".join(FRAMEWORKS))
    parser.add_argument("--peers", type=_peers, default="*", help="names or patterns of peers: " + ", ".join(PEERS))
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds, after one that warms up")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core of all workers")
    parser.add_argument("--json", type=Path, default=None, help="file for the full record")
    parser.add_argument("--smoke", action="store_true", help="few steps: shows that everything runs, measures nothing")
    return parser


def _workloads(text: str) -> list[Workload]:
    return [WORKLOADS[name] for name in _known(text, list(WORKLOADS))]


def _backends(text: str) -> list[str]:
    return _known(text, list(FRAMEWORKS))


def _peers(text: str) -> list[PeerSpec]:
    return [PEERS[name] for name in _known(text, list(PEERS))]


def _known(text: str, names: list[str]) -> list[str]:
    patterns = text.split(",")
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise argparse.ArgumentTypeError(f"nothing is called {pattern!r}; there are {', '.join(names)}")
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


if __name__ == "__main__":
    sys.exit(main())

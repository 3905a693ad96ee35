"""Benchmark multiback against native torch, jax and tensorflow code and against Keras 3; see README.md."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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

SCALES = {"depth": (2, 8, 32, 64), "batch": (1, 8, 64, 512), "width": (32, 256, 1024)}
SCALING_ROUNDS = 3


@dataclass(frozen=True)
class Run:
    """A run of the command: what was asked for, and where its results go.

    Attributes:
        options: The command line.
        settings: How everything is measured.
        record: What was measured so far.
        progress: Shows what is being done.
        console: Where tables are printed.
    """

    options: argparse.Namespace
    settings: Settings
    record: dict[str, Any]
    progress: Callable[[str], None]
    console: Console

    def limits(self) -> None:
        """What the core can do."""
        self.record["limits"] = limits(self.options.core, ENVIRONMENT, self.progress)

    def workloads(self) -> None:
        """Every workload, with all peers that support it."""
        for workload in self.options.workloads:
            chosen = [spec for spec in self.options.peers if spec.supports(workload)]
            self._add("workloads", self._measured(workload, chosen, self.settings))

    def scaling(self) -> None:
        """Lines over depth, batch and width, of multiback and native code."""
        settings = replace(self.settings, rounds=min(self.settings.rounds, SCALING_ROUNDS))
        chosen = [spec for spec in self.options.peers if _is_on_one_backend(spec) and _is_lean(spec)]
        for family, values in SCALES.items():
            for value in values:
                measured = self._measured(scaling(family, value), chosen, settings)
                self._add("scaling", {"family": family, "value": value, **measured})

    def once(self) -> None:
        """What is paid once."""
        chosen = [spec for spec in self.options.peers if _is_on_one_backend(spec)]
        for record in once(chosen, self.options.backends, self.settings, self.progress):
            self.record["once"] = record
            self.save()

    def save(self) -> None:
        """Writes what there is."""
        self.record["after"] = facts(self.options.core)
        if self.options.json:
            write(self.record, self.options.json)

    def _measured(self, workload: Workload, specs: Sequence[PeerSpec], settings: Settings) -> dict[str, Any]:
        shortened = replace(workload, train=Chunks(2, 8), predict=Chunks(2, 8)) if self.options.smoke else workload
        results = measure(shortened, specs, settings, self.progress)
        return workload_record(workload, results, _counted(workload))

    def _add(self, part: str, measured: dict[str, Any]) -> None:
        self.record[part].append(measured)
        self.console.print(step_table(measured), once_table(measured))
        for entry in measured["entries"]:
            for failure in entry["failures"]:
                self.console.print(f"{entry['peer']}: {failure}", style="red", markup=False, highlight=False)
        self.save()


PARTS: dict[str, Callable[[Run], None]] = {
    "limits": Run.limits,
    "workloads": Run.workloads,
    "scaling": Run.scaling,
    "once": Run.once,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 when a peer failed a check, else 0."""
    options = _options(arguments)
    console, progress = Console(), Console(stderr=True)
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "before": facts(options.core),
        "options": {"rounds": options.rounds, "quick": options.quick, "smoke": options.smoke},
        "minutes": {},
        "workloads": [],
        "scaling": [],
    }
    with _cache(options.cache) as folder, progress.status("") as status:
        settings = Settings(options.rounds, options.core, tuple(available_cores()), {"MULTIBACK_CACHE": str(folder)})
        run = Run(options, settings, record, status.update, console)
        for name in options.parts:
            start = time.perf_counter()
            PARTS[name](run)
            record["minutes"][name] = (time.perf_counter() - start) / 60
            run.save()
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


def _is_on_one_backend(spec: PeerSpec) -> bool:
    """Whether a peer stays on one backend, and takes part in every workload."""
    return spec.framework in FRAMEWORKS and not spec.only


def _is_lean(spec: PeerSpec) -> bool:
    """Whether a peer takes part where Keras is left out."""
    return spec.name.startswith(("native", "multiback"))


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
    parser.add_argument("--json", type=Path, default=None, help="file for the record, written as it grows")
    parser.add_argument("--html", type=Path, default=None, help="file for the page with charts")
    parser.add_argument("--markdown", type=Path, default=None, help="file for the summary")
    parser.add_argument("--quick", action="store_true", help="3 rounds, the workloads of the targets, no Keras")
    parser.add_argument("--smoke", action="store_true", help="few steps: shows that everything runs, measures nothing")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds = min(options.rounds, 3)
        options.workloads = [workload for workload in options.workloads if workload.name in TARGET_WORKLOADS]
        options.peers = [spec for spec in options.peers if _is_lean(spec)]
    # A peer that chooses among all backends takes part where all of them do.
    framework_names = [*options.backends, *(["auto"] if len(options.backends) == len(FRAMEWORKS) else [])]
    options.peers = [spec for spec in options.peers if spec.framework in framework_names]
    return options


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

"""Compare multiback's speed at two commits; fails where it got slower by more than the noise measured meanwhile.

    python benchmarks/compare.py main                                  main against HEAD
    python benchmarks/compare.py main . --workloads mlp-tiny,cnn       main against the files as they are
    python benchmarks/compare.py v1 v2 --backends torch --rounds 15

Three processes for each workload and backend take turns, chunk by chunk: the old commit, the new one, and the old one
again, as a control. The harness (this folder) is that of the files as they are. For every figure the ratio new / old is
the median over the rounds; the noise is half the range between the quartiles of control / old, or the distance of its
median from 1 where that is larger. A ratio above 1 + max(3 %, 2 x noise) is measured once more, in new processes and
twice as many rounds; it is a regression, and the exit status 1, when it is above the bound then too.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from figures import Change, change
from machine import facts
from measure import Samples
from peers import FRAMEWORKS, PEERS, PeerSpec
from processes import Worker, WorkerFailure, available_cores, together
from report import PHASES, write
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from run import known
from workloads import WORKLOADS, Workload

REPOSITORY = Path(__file__).resolve().parent.parent
SIDES = ("old", "new", "control")
QUICK = ("mlp-tiny", "mlp", "cnn", "lstm", "transformer")


@dataclass(frozen=True)
class Finding:
    """One figure of one peer on one workload at both commits."""

    workload: str
    peer: str
    phase: str
    change: Change
    old_ms: float
    new_ms: float


@dataclass(frozen=True)
class Trees:
    """Where the files of each side are, and what its processes are given besides."""

    folders: Mapping[str, Path]
    caches: Path

    def environment(self, side: str) -> dict[str, str]:
        """The variables that make a process import multiback from that side's files."""
        tree = self.folders[side]
        cache = self.caches / side
        return {"PYTHONPATH": f"{tree}:{tree / 'adapters'}", "MULTIBACK_CACHE": str(cache)}


@contextmanager
def checked_out(old: str, new: str) -> Iterator[Trees]:
    """Both commits as worktrees in a temporary folder; "." is the files as they are."""
    with tempfile.TemporaryDirectory(prefix="multiback-compare-") as name:
        folder = Path(name)
        made = []
        folders: dict[str, Path] = {}
        try:
            for side, commit in (("old", old), ("new", new)):
                if commit == ".":
                    folders[side] = REPOSITORY
                    continue
                folders[side] = folder / side
                _git("worktree", "add", "--quiet", "--detach", str(folders[side]), commit)
                made.append(folders[side])
            yield Trees({**folders, "control": folders["old"]}, folder / "caches")
        finally:
            for tree in made:
                _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(REPOSITORY), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def measure_change(
    workload: Workload, spec: PeerSpec, trees: Trees, rounds: int, core: int, progress: Callable[[str], None]
) -> list[Finding]:
    """The two figures of one peer on one workload.

    Raises WorkerFailure when a process ends, or has imported multiback from elsewhere than its side's files.
    """
    workers: dict[str, Worker] = {}
    samples = {side: {phase: Samples() for phase in PHASES} for side in SIDES}
    try:
        progress(f"{workload.name}, {spec.name}: start")
        together([partial(_start, workload, spec, trees, core, side, workers) for side in SIDES], available_cores())
        for side in SIDES:
            if workers[side].ready["tunes"]:
                workers[side].run("tune", 1)
        for number in range(rounds + 1):
            progress(f"{workload.name}, {spec.name}: round {number} of {rounds}")
            # Every side is first, second and last equally often; round 0 warms up.
            turn = number % len(SIDES)
            for phase, chunks in (("train", workload.train), ("predict", workload.predict)):
                for side in (*SIDES[turn:], *SIDES[:turn]):
                    long, short = workers[side].run(phase, chunks.long), workers[side].run(phase, chunks.short)
                    if number:
                        samples[side][phase].add(short["cpu"], long["cpu"], chunks)
    finally:
        for worker in workers.values():
            worker.close()
    findings = []
    for phase in PHASES:
        old, new, control = (samples[side][phase].step for side in SIDES)
        step_ms = [samples[side][phase].summary()["step_ms"] for side in ("old", "new")]
        findings.append(Finding(workload.name, spec.name, phase, change(old, new, control), *step_ms))
    return findings


def _start(
    workload: Workload, spec: PeerSpec, trees: Trees, core: int, side: str, workers: dict[str, Worker], start: int
) -> None:
    worker = workers[side] = Worker(spec, workload.name, start, trees.environment(side))
    library = Path(worker.ready["library"] or "")
    if not library.resolve().is_relative_to(trees.folders[side].resolve()):
        raise WorkerFailure(f"the {side} side imported multiback from {library}, not from {trees.folders[side]}")
    worker.run("train", 1)
    worker.run("predict", 1)
    worker.pin(core)


def table(findings: Sequence[Finding]) -> Table:
    """The findings, slowest first."""
    view = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("workload", "peer", "phase"):
        view.add_column(heading, no_wrap=True)
    for heading in ("old ms", "new ms", "new / old", "noise", "allowed"):
        view.add_column(heading, justify="right", no_wrap=True)
    for each in sorted(findings, key=lambda finding: -finding.change.ratio):
        style = "red" if each.change.regressed else "green" if each.change.improved else None
        view.add_row(
            each.workload,
            each.peer,
            each.phase,
            f"{each.old_ms:.3g}",
            f"{each.new_ms:.3g}",
            f"{each.change.ratio:.3f}",
            f"{100 * each.change.noise:.1f} %",
            f"{each.change.allowed:.3f}",
            style=style,
        )
    return view


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare what the command line asks for; 1 when something regressed or failed, else 0."""
    options = _parser().parse_args(arguments)
    console, progress = Console(), Console(stderr=True)
    findings: list[Finding] = []
    confirmed: list[Finding] = []
    failures: list[str] = []
    specs = [PEERS[f"multiback-{name}"] for name in options.backends]
    before = facts(options.core)
    with checked_out(options.old, options.new) as trees, progress.status("") as status:

        def measured(workload: Workload, spec: PeerSpec, rounds: int) -> list[Finding]:
            try:
                return measure_change(workload, spec, trees, rounds, options.core, status.update)
            except WorkerFailure as failure:
                failures.append(f"{workload.name}, {spec.name}: {failure}")
                return []

        for workload in options.workloads:
            for spec in specs:
                new = measured(workload, spec, options.rounds)
                suspects = {each.phase for each in new if each.change.regressed}
                if suspects:
                    again = measured(workload, spec, 2 * options.rounds)
                    confirmed += [each for each in again if each.phase in suspects and each.change.regressed]
                    new = [each for each in new if each.phase not in suspects] + [
                        each for each in again if each.phase in suspects
                    ]
                findings += new
    console.print(table(findings))
    for each in confirmed:
        console.print(
            f"regression: {each.peer} on {each.workload}, {each.phase}: {each.change.ratio:.3f} x, "
            "above the bound twice",
            style="red",
            highlight=False,
        )
    for failure in failures:
        console.print(f"failed: {failure}", style="red", markup=False, highlight=False)
    if options.json:
        write(_record(options, before, findings, confirmed, failures), options.json)
    if not confirmed and not failures:
        console.print(f"No regression of {options.new} against {options.old} beyond the noise.")
    return int(bool(confirmed or failures))


def _record(
    options: argparse.Namespace,
    before: dict[str, object],
    findings: Sequence[Finding],
    confirmed: Sequence[Finding],
    failures: Sequence[str],
) -> dict[str, Any]:
    return {
        "old": options.old,
        "new": options.new,
        "rounds": options.rounds,
        "before": before,
        "after": facts(options.core),
        "findings": [asdict(each) for each in findings],
        "regressions": [asdict(each) for each in confirmed],
        "failures": list(failures),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", help="a commit; . for the files as they are")
    parser.add_argument("new", nargs="?", default="HEAD", help="a commit; . for the files as they are; default: HEAD")
    parser.add_argument("--workloads", type=_workloads, default=",".join(QUICK), help=", ".join(WORKLOADS))
    parser.add_argument("--backends", type=_backends, default="*", help=", ".join(FRAMEWORKS))
    parser.add_argument("--rounds", type=int, default=9, help="timed rounds, after one that warms up; default: 9")
    parser.add_argument("--core", type=int, default=available_cores()[-1], help="the core where everything is timed")
    parser.add_argument("--json", type=Path, default=None, help="file for the record")
    return parser


def _workloads(text: str) -> list[Workload]:
    return [WORKLOADS[name] for name in known(text, list(WORKLOADS))]


def _backends(text: str) -> list[str]:
    return known(text, list(FRAMEWORKS))


if __name__ == "__main__":
    sys.exit(main())

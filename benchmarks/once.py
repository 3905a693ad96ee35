"""What is paid once: imports, first steps, tracing and lowering, and the fixed cost of a call."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from figures import slope
from measure import Settings
from peers import ENVIRONMENT, FRAMEWORKS, PeerSpec
from processes import Worker, WorkerFailure, together

# Fresh processes for each figure.
TIMES = 3
CALLS, CALL_ROUNDS = 8, 5
CALLED = "mlp-tiny"
# multiback finds no measurements of this machine, and keeps none.
_NOTHING_MEASURED = {"MULTIBACK_CACHE": ""}


def once(
    specs: Sequence[PeerSpec], backends: Sequence[str], settings: Settings, progress: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Everything that is paid once, for these peers; what fails is recorded with its message.

    Yields the record so far, each time that something was added.
    """
    progress("once: imports, first steps, tracing and lowering")
    ours = [spec for spec in specs if spec.name == f"multiback-{spec.framework}"]
    frameworks = [name for name in FRAMEWORKS if name in backends]
    wanted: list[tuple[tuple[str, str], dict[str, str]]] = [
        *((("import", framework), {}) for framework in frameworks),
        *((("step", spec.name), {**spec.environment, **_NOTHING_MEASURED}) for spec in specs),
        *((("step-again", spec.name), spec.environment) for spec in ours),
        *((("lower", spec.framework), {}) for spec in ours),
    ]
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {what: [] for what, _ in wanted}

    def job(what: tuple[str, str], environment: dict[str, str], core: int) -> None:
        action, subject = what
        arguments = [action.removesuffix("-again"), subject, str(core)]
        runs[what].append(_fresh(arguments, settings, environment))

    # All of them once, then all again: a slow minute of the machine falls on every one of them alike.
    together([partial(job, *each) for _ in range(TIMES) for each in wanted], settings.start_cores)
    record: dict[str, Any] = {
        "imports": {name: _median(runs["import", name]) for name in frameworks},
        "first_steps": {spec.name: _median(runs["step", spec.name]) for spec in specs},
        "first_steps_measured_before": {spec.name: _median(runs["step-again", spec.name]) for spec in ours},
        "lowering": {spec.framework: _lowering(runs["lower", spec.framework]) for spec in ours},
        "calls": {},
    }
    yield record
    for spec in specs:
        progress(f"once: calls of {spec.name}")
        record["calls"][spec.name] = _calls(spec, settings)
        yield record


def _fresh(arguments: list[str], settings: Settings, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).with_name("fresh.py")), *arguments]
    variables = {**os.environ, **ENVIRONMENT, **settings.environment, **environment}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failure": "\n".join(done.stderr.strip().splitlines()[-3:])}
    return json.loads(done.stdout)


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The median of each number over fresh processes."""
    failed = [run for run in runs if "failure" in run]
    if failed:
        return failed[0]
    numbers = [key for key, value in runs[0].items() if isinstance(value, float)]
    return {
        **{key: statistics.median(run[key] for run in runs) for key in numbers},
        "loaded": runs[0]["loaded"],
        "cpu_s_by_run": [run["cpu_s"] for run in runs],
    }


def _lowering(runs: list[dict[str, Any]]) -> dict[str, Any]:
    failed = [run for run in runs if "failure" in run]
    if failed:
        return failed[0]
    depths = list(runs[0]["seconds"])
    seconds = {depth: statistics.median(run["seconds"][depth] for run in runs) for depth in depths}
    return {"seconds": seconds, "ms_per_layer": 1e3 * slope([int(depth) for depth in depths], list(seconds.values()))}


def _calls(spec: PeerSpec, settings: Settings) -> dict[str, Any]:
    """CPU milliseconds that a call on one batch costs beyond a step, for each kind of call the peer has."""
    figures: dict[str, Any] = {}
    try:
        worker = Worker(spec, CALLED, settings.core, settings.environment)
    except WorkerFailure as failure:
        return {"failure": str(failure)}
    try:
        if worker.ready["tunes"]:
            worker.run("tune", 1)
        for action in ("train", "predict", *(("evaluate",) if worker.ready["evaluates"] else ())):
            figures[action] = _fixed_cost(worker, action)
    except WorkerFailure as failure:
        figures["failure"] = str(failure)
    finally:
        worker.close()
    return figures


def _fixed_cost(worker: Worker, action: str) -> dict[str, float]:
    long = 16 * CALLS
    calls, steps = [], []
    for number in range(CALL_ROUNDS + 1):
        # The same number of steps in many calls and in one.
        one_by_one = worker.run(action, 1, CALLS)["cpu"]
        at_once, few = worker.run(action, long)["cpu"], worker.run(action, CALLS)["cpu"]
        if number:
            calls.append(one_by_one / CALLS)
            steps.append((at_once - few) / (long - CALLS))
    call, step = statistics.median(calls), statistics.median(steps)
    return {"fixed_ms": 1e3 * (call - step), "call_ms": 1e3 * call, "step_ms": 1e3 * step}

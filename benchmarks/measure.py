"""Run all peers of one workload side by side and reduce their times to figures per step."""

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from figures import spread
from peers import FRAMEWORKS, PeerSpec
from processes import Worker, WorkerFailure, together
from workloads import Chunks, Workload

# Largest difference of logits between two peers with the same weights, as a share of their largest magnitude.
SAME_FORWARD, SAME_STEP = 1e-4, 1e-2
CLOCKS = ("cpu", "wall")


@dataclass
class Samples:
    """Seconds per step and fixed seconds per call, one pair for each round."""

    step: list[float] = field(default_factory=list)
    call: list[float] = field(default_factory=list)

    def add(self, short: float, long: float, chunks: Chunks) -> None:
        """Split the costs of a short and a long chunk into a part per step and a part per call."""
        per_step = (long - short) / (chunks.long - chunks.short)
        self.step.append(per_step)
        self.call.append(short - chunks.short * per_step)

    def summary(self) -> dict[str, Any]:
        """Medians in milliseconds; spread is (max - min) / median over the rounds."""
        return {
            "step_ms": 1e3 * statistics.median(self.step),
            "spread": spread(self.step),
            "call_ms": 1e3 * statistics.median(self.call),
            "step_ms_by_round": [1e3 * value for value in self.step],
        }


@dataclass
class Result:
    """What one peer did on one workload; `failures` holds every check it did not pass."""

    spec: PeerSpec
    ready: dict[str, Any] = field(default_factory=dict)
    times: dict[str, dict[str, Samples]] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    peak_mib: float | None = None
    failures: list[str] = field(default_factory=list)
    failed_while_running: bool = False

    def summary(self, phase: str, clock: str = "cpu") -> dict[str, Any] | None:
        """Figures of "train" or "predict" by the "cpu" or the "wall" clock; None where nothing was measured."""
        samples = self.times.get(phase, {}).get(clock)
        return samples.summary() if samples else None


@dataclass(frozen=True)
class Settings:
    """How every workload is measured.

    Attributes:
        rounds: Timed rounds, after one that warms up.
        core: Where everything is timed.
        start_cores: Where the processes start, as many at a time as there are cores.
        environment: Variables for all processes.
    """

    rounds: int
    core: int
    start_cores: tuple[int, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def measure(
    workload: Workload, specs: Sequence[PeerSpec], settings: Settings, progress: Callable[[str], None]
) -> list[Result]:
    """Start every peer, check that they compute the same thing, and time them in turn, chunk by chunk."""
    results = [Result(spec) for spec in specs]
    workers: dict[str, Worker] = {}
    try:
        progress(f"{workload.name}: start {len(specs)} peers")
        start = partial(_start, workload, workers, settings)
        many = [result for result in results if result.spec.framework in FRAMEWORKS]
        together([partial(start, result) for result in many], settings.start_cores)
        # What measures while it starts, or tunes, does so on a core whose neighbours have nothing to do.
        for result in results:
            if result not in many:
                start(result, settings.core)
            if result.ready.get("tunes"):
                progress(f"{workload.name}: tune {result.spec.name}")
                with _failure_noted(result, "stopped while tuning"):
                    result.ready["tune_s"] = workers[result.spec.name].run("tune", 1)["cpu"]
                workers[result.spec.name].close()
        # What was found is remembered, so a new process takes the quickest ways without the memory that tuning took.
        together([partial(start, result) for result in results if "tune_s" in result.ready], settings.start_cores)
        running = [result for result in results if result.ready and not result.failed_while_running]
        _check_same_model(workload, running)
        for number in range(settings.rounds + 1):
            # Round 0 warms up both chunk sizes. Odd rounds run backwards, so that no peer always follows the same one.
            for result in running[::-1] if number % 2 else running:
                if result.failed_while_running:
                    continue
                progress(f"{workload.name}: round {number} of {settings.rounds}, {result.spec.name}")
                with _failure_noted(result, "stopped"):
                    _round(workload, result, workers[result.spec.name], record=number > 0)
    finally:
        for worker in workers.values():
            worker.close()
    for result in running:
        _check_learning(result)
    return results


def _start(workload: Workload, workers: dict[str, Worker], settings: Settings, result: Result, core: int) -> None:
    with _failure_noted(result, "did not start"):
        worker = workers[result.spec.name] = Worker(result.spec, workload.name, core, settings.environment)
        initial, first = worker.run("logits", 1), worker.run("train", 1)
        after = worker.run("logits", 1)
        # Of a peer that starts again, what is paid once is that of its first start.
        result.ready = {
            **worker.ready,
            "first_predict_s": initial["cpu"],
            "first_train_s": first["cpu"],
            **result.ready,
            "first_loss": first["loss"],
            "initial_logits": initial["logits"],
            "logits_after_one_step": after["logits"],
        }
        worker.pin(settings.core)


@contextmanager
def _failure_noted(result: Result, what: str) -> Iterator[None]:
    try:
        yield
    except WorkerFailure as failure:
        result.failures.append(f"{what}: {failure}")
        result.failed_while_running = True


def _round(workload: Workload, result: Result, worker: Worker, record: bool) -> None:
    for phase, chunks in (("train", workload.train), ("predict", workload.predict)):
        long, short = worker.run(phase, chunks.long), worker.run(phase, chunks.short)
        if phase == "train":
            result.losses.append(long["loss"])
        result.peak_mib = short["peak_mib"]
        if record:
            for clock in CLOCKS:
                samples = result.times.setdefault(phase, {}).setdefault(clock, Samples())
                samples.add(short[clock], long[clock], chunks)


def _check_same_model(workload: Workload, results: list[Result]) -> None:
    def extra(result: Result) -> int:
        return result.spec.extra_parameters.get(workload.kind, 0)

    # A redundant parameter moves too, so its model takes a larger first step than the others.
    comparable = [
        result
        for result in results
        if not (extra(result) or workload.random or workload.other_step or workload.kind in result.spec.other_step)
    ]
    for result in results:
        expected = workload.parameters + extra(result)
        if result.ready["parameters"] != expected:
            result.failures.append(f"has {result.ready['parameters']:,} parameters, expected {expected:,}")
        _check_logits(result, results[0], "initial_logits", SAME_FORWARD)
    for result in comparable:
        _check_logits(result, comparable[0], "logits_after_one_step", SAME_STEP)


def _check_logits(result: Result, reference: Result, key: str, tolerance: float) -> None:
    expected, got = np.asarray(reference.ready[key]), np.asarray(result.ready[key])
    distance = np.max(np.abs(got - expected)) / np.max(np.abs(expected)) if got.shape == expected.shape else np.inf
    if not distance <= tolerance:
        what = key.replace("_", " ")
        result.failures.append(f"{what} differ from {reference.spec.name} by {distance:.2g}, at most {tolerance:g}")


def _check_learning(result: Result) -> None:
    first, last = result.ready["first_loss"], (result.losses or [math.nan])[-1]
    if not last < first:
        result.failures.append(f"loss did not fall: {first:.4f} at first, {last:.4f} at last")

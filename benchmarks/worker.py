"""The process of one peer on one workload: builds it, then runs and times what it is asked for.

Started by run.py and compare.py. Requests and replies are lines of JSON on standard input and output: a request is
`[action, steps]` or `[action, steps, calls]`, with an action of `ACTIONS`, or `["pin", core]`.
"""

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TextIO

# Rows of the logits sent back, enough to tell two models apart.
COMPARED_ROWS = 8
FRAMEWORKS = ("torch", "jax", "tensorflow", "keras")


def timed(action: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """CPU seconds of the whole process and wall seconds of `action`, and its result."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    result = action()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}, result


def memory(field: str) -> float:
    """A figure of this process in MiB: "VmRSS" is what it holds now, "VmHWM" the most it has held."""
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) / 1024
    raise ValueError(f"/proc/self/status has no {field!r}")


def pin(core: int) -> None:
    """Moves every thread of this process to one core."""
    for thread in os.listdir("/proc/self/task"):
        with suppress(ProcessLookupError):  # a thread that has ended meanwhile
            os.sched_setaffinity(int(thread), {core})


def claim_standard_output() -> TextIO:
    """A stream to the driver that nothing a framework prints can get into."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return replies


def load(spec: Any) -> None:
    """Imports the framework and the peer's module."""
    if spec.framework in FRAMEWORKS:
        importlib.import_module(spec.framework)
    importlib.import_module(f"peers.{spec.module}")


def main(peer_name: str, workload_name: str, core: int) -> None:
    """Serve one peer on one workload, on one core, until standard input ends."""
    pin(core)
    replies = claim_standard_output()

    def reply(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=replies, flush=True)

    import workloads

    workload = workloads.workload(workload_name)
    # Made once, so that it is not part of what building a model costs.
    inputs, targets = workloads.arrays(workload)
    workloads.arrays = lambda workload: (inputs, targets)
    workloads.data = lambda workload: (inputs[0], targets)

    from peers import PEERS

    spec = PEERS[peer_name]
    importing, _ = timed(partial(load, spec))
    building, peer = timed(partial(spec.build, workload))
    library = sys.modules.get("multiback")
    reply(
        {
            "parameters": int(peer.parameter_count()),
            "versions": peer.versions(),
            "import_s": importing["cpu"],
            "build_s": building["cpu"],
            "evaluates": hasattr(peer, "evaluate"),
            "tunes": hasattr(peer, "tune"),
            "library": library.__file__ if library else None,
        }
    )
    for line in sys.stdin:
        action, count, calls = (*json.loads(line), 1)[:3]
        if action == "pin":
            pin(count)
            reply({"pinned": count})
            continue

        def run(action: str = action, count: int = count, calls: int = calls) -> Any:
            for _ in range(calls):
                result = ACTIONS[action](peer, count)
            return result

        times, result = timed(run)
        extra = {"logits": result[:COMPARED_ROWS].tolist()} if action == "logits" else {}
        reply({**times, **extra, "loss": peer.loss(), "peak_mib": memory("VmHWM")})


ACTIONS: dict[str, Callable[[Any, int], Any]] = {
    "train": lambda peer, steps: peer.train(steps),
    "predict": lambda peer, steps: peer.predict(steps),
    "evaluate": lambda peer, steps: peer.evaluate(steps),
    "tune": lambda peer, steps: peer.tune(),
    "logits": lambda peer, steps: peer.predict(steps),
}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

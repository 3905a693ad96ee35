"""What a process pays once, measured in a fresh one; prints a line of JSON.

python fresh.py import FRAMEWORK      importing a framework and nothing else
python fresh.py step PEER             importing what a peer needs, building a small model, one training step
python fresh.py lower BACKEND         tracing and lowering training steps of multiback, without running them
"""

import time

START = time.process_time()

import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from dataclasses import replace  # noqa: E402
from typing import Any  # noqa: E402

FRAMEWORKS = ("torch", "jax", "tensorflow", "keras")
SMALL = "mlp-tiny"
DEPTHS = (2, 8, 32, 64)


def importing(framework: str) -> dict[str, Any]:
    """Cost of one import."""
    importlib.import_module(framework)
    return _so_far()


def step(peer_name: str) -> dict[str, Any]:
    """Cost of everything up to the end of the first training step, in parts."""
    from peers import PEERS

    spec = PEERS[peer_name]
    workload = _with_one_batch(SMALL)
    if spec.framework in FRAMEWORKS:
        importlib.import_module(spec.framework)
    importlib.import_module(f"peers.{spec.module}")
    imported = time.process_time()
    peer = spec.build(workload)
    built = time.process_time()
    peer.train(1)
    ended = time.process_time()
    return {"import_s": imported - START, "build_s": built - imported, "step_s": ended - built, **_so_far()}


def lower(backend: str) -> dict[str, Any]:
    """CPU seconds of tracing and lowering a training step, by the number of Dense(64) layers."""
    import numpy as np

    import multiback
    from multiback.training.data import Batch

    seconds = {}
    # The first one pays for imports and for measuring ways to run an op.
    for position, depth in enumerate((2, *DEPTHS)):
        layers = [multiback.layers.Dense(64, activation="relu") for _ in range(depth)]
        model = multiback.Sequential([multiback.layers.Input((64,)), *layers, multiback.layers.Dense(10)])
        loss = multiback.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"], backend=backend)
        batch = Batch(np.zeros((32, 64), np.float32), np.zeros(32, np.int32), None)
        step = model._step("train_step", batch)
        start = time.process_time()
        step.program(batch)
        if position:
            seconds[str(depth)] = time.process_time() - start
    return {"seconds": seconds}


def _with_one_batch(name: str) -> Any:
    from workloads import Chunks, workload

    return replace(workload(name), train=Chunks(1, 1), predict=Chunks(1, 1))


def _so_far() -> dict[str, Any]:
    from worker import memory

    cpu = time.process_time() - START
    loaded = [name for name in FRAMEWORKS if name in sys.modules]
    return {"cpu_s": cpu, "rss_mib": memory("VmRSS"), "peak_mib": memory("VmHWM"), "loaded": loaded}


if __name__ == "__main__":
    _, action, subject, core = sys.argv
    os.sched_setaffinity(0, {int(core)})
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps({"import": importing, "step": step, "lower": lower}[action](subject)), file=replies)

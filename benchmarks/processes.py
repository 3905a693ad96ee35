"""The processes of the peers: started side by side, each driven over a pipe."""

import json
import os
import queue
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from peers import PeerSpec

# Seconds without a reply after which a worker is given up.
PATIENCE = 900


class WorkerFailure(Exception):
    """A worker ended before it replied; the text is the end of what it wrote."""


class Worker:
    """A peer's process, driven from here.

    Arguments:
        spec: The peer.
        workload: The workload's name.
        core: Where it starts.
        environment: Variables beyond the peer's own.
    """

    def __init__(self, spec: PeerSpec, workload: str, core: int, environment: Mapping[str, str] | None = None):
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py")), spec.name, workload, str(core)],
            env={**spec.process_environment(), **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self.ready = self._receive()
        except BaseException:
            self.close()
            raise

    def run(self, action: str, count: int, calls: int = 1) -> dict[str, Any]:
        """Let the peer take `count` steps, `calls` times over; CPU seconds, wall seconds, loss and peak memory."""
        with suppress(BrokenPipeError):
            print(json.dumps([action, count, calls]), file=self._process.stdin, flush=True)
        return self._receive()

    def pin(self, core: int) -> None:
        """Move all its threads to a core."""
        self.run("pin", core)

    def close(self) -> None:
        """End the process, if it has not been."""
        if self._log.closed:
            return
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            raise WorkerFailure(f"said nothing for {PATIENCE // 60} minutes")
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._log.seek(0)
        raise WorkerFailure("\n".join(self._log.read().strip().splitlines()[-4:]) or "ended without a message")


def together(jobs: Sequence[Callable[[int], None]], cores: Sequence[int]) -> None:
    """Runs jobs on all cores at once, each job on one core, whose number it is given."""
    free: queue.SimpleQueue[int] = queue.SimpleQueue()
    for core in cores:
        free.put(core)

    def run(job: Callable[[int], None]) -> None:
        core = free.get()
        try:
            job(core)
        finally:
            free.put(core)

    with ThreadPoolExecutor(len(cores)) as pool:
        for _ in pool.map(run, jobs):
            pass


def available_cores() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0))

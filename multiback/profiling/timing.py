"""How long a program takes on a backend: runs it on state of its own, and waits for what it computed.

Two clocks: "wall", and "cpu", the processor time of all threads, which other programs on the machine do not disturb and
which does not see an accelerator.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from multiback import dtypes, ops
from multiback.backends.protocol import Adapter, Executable, Native, Options
from multiback.graph.ir import Graph, Spec, Value
from multiback.graph.trace import trace

CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}
ENOUGH = 1e-3
"""Seconds that a round of calls should take, so that the clock and the waiting do not matter."""
_MOST_CALLS = 200
_GEMM = 1024


class Program:
    """An executable with state and arguments of its own, to be called again and again.

    Arguments:
        executable: Compiled.
        arrays: Native arrays for its state, which are copied, and for its arguments.
    """

    def __init__(self, executable: Executable, arrays: Sequence[Native]) -> None:
        adapter, graph = executable.adapter, executable.graph
        self.executable = executable
        self.arguments = list(arrays[graph.state :])
        self.cells = [
            adapter.cell(
                adapter.from_numpy(np.array(adapter.to_numpy(a))), trainable=v.dtype.is_float, name=v.name or "state"
            )
            for v, a in zip(graph.inputs[: graph.state], arrays)
        ]
        self.results: Sequence[Native] = ()

    def __call__(self) -> None:
        """Runs once; the new state is the state of the next run."""
        new, self.results = self.executable.run(self.cells, self.arguments)
        for index, cell in zip(self.executable.graph.updates, new):
            self.cells[index] = cell

    def outputs(self) -> list[Native]:
        """What the last run gave: copies of the new state, which the next run consumes, then the results."""
        adapter = self.executable.adapter
        return [adapter.from_numpy(np.array(adapter.to_numpy(a))) for a in self._new_state()] + list(self.results)

    def _new_state(self) -> list[Native]:
        adapter = self.executable.adapter
        return [adapter.read(self.cells[i]) for i in self.executable.graph.updates]

    def wait(self) -> None:
        """Returns when the last run has ended: when the smallest of what it computed is there."""
        adapter = self.executable.adapter
        arrays = [a for a in (*self._new_state(), *self.results) if adapter.is_native(a)]
        if arrays:
            adapter.synchronize([min(arrays, key=lambda a: math.prod(n or 1 for n in adapter.shape(a)))])

    def seconds(self, rounds: int, clock: str = "wall") -> float:
        """The median over rounds of the time of one call, after two to warm up."""
        return self.by_clocks(rounds, (clock,))[clock]

    def by_clocks(self, rounds: int, clocks: Sequence[str] = tuple(CLOCKS)) -> dict[str, float]:
        """The median over rounds of the time of one call, by each clock, after two calls to warm up."""
        self.once(clocks)
        first = self.once(clocks)
        calls = min(_MOST_CALLS, math.ceil(ENOUGH / max(*first.values(), 1e-7)))
        found = [self.once(clocks, calls) for _ in range(rounds)]
        return {clock: statistics.median(f[clock] for f in found) for clock in clocks}

    def once(self, clocks: Sequence[str], calls: int = 1) -> dict[str, float]:
        """The time of one of so many calls, by each clock."""
        start = {clock: CLOCKS[clock]() for clock in clocks}
        for _ in range(calls):
            self()
        self.wait()
        return {clock: (CLOCKS[clock]() - start[clock]) / calls for clock in clocks}


class Timed:
    """A program and how long its calls took, one by one.

    Arguments:
        program: Is run.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.times: list[float] = []

    def run(self, clock: str) -> None:
        """Runs once."""
        self.times.append(self.program.once((clock,))[clock])

    @property
    def seconds(self) -> float:
        """The median over the calls."""
        return statistics.median(self.times)


def empty_program(adapter: Adapter, arguments: int) -> Program:
    """A program with so many arguments that computes nothing: what it costs is to be taken off what others cost."""
    inputs = tuple(Value((), dtypes.float32, f"x{i}") for i in range(arguments))
    # One number, so that there is something to wait for.
    graph = trace(lambda: ops.full((), 1.0), name="empty").graph.replace(inputs=inputs)
    return Program(adapter.compile(graph, Options()), [adapter.from_numpy(np.zeros((), np.float32)) for _ in inputs])


def gemm_limit(adapter: Adapter, rounds: int, clock: str) -> float:
    """Floating-point operations a second of a product of 1024 x 1024 float32 matrices: what the machine can do here."""
    spec = Spec((_GEMM, _GEMM), dtypes.float32)
    graph: Graph = trace(ops.matmul, spec, spec, name="gemm").graph
    random = np.random.default_rng(0)
    arrays = [adapter.from_numpy(random.standard_normal((_GEMM, _GEMM), np.float32)) for _ in range(2)]
    return 2 * _GEMM**3 / Program(adapter.compile(graph, Options()), arrays).seconds(rounds, clock)

"""Where the time of a model's step goes, measured on its backend: `model.profile` returns a `Profile`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from multiback import tree
from multiback.backends import tuning
from multiback.backends.protocol import Options
from multiback.errors import ArgumentError
from multiback.profiling.costs import PHASES, Costs, costs
from multiback.profiling.layers import Node, layer_tree
from multiback.profiling.sweep import Row, Sweep
from multiback.profiling.timing import CLOCKS, Program, gemm_limit
from multiback.testing.values import sizes_of
from multiback.training.steps import Step

_ROWS = 32


@dataclass(frozen=True)
class Profile:
    """What a step of a model takes on a backend: as a whole, and each of its equations alone.

    Attributes:
        model: The model's name.
        step: "train_step" or "predict_step".
        backend: The backend's name, version and device.
        settings: Of the backend, such as its threads.
        batch_size: Samples in the step.
        rounds: Over how many runs each time is the median.
        clock: What `rows` and `gemm` were timed by: "wall", or "cpu", the processor time of all threads.
        wall: Seconds of one whole step, as it really runs.
        cpu: Seconds of processor time of one whole step, all threads together.
        rows: Each equation, timed alone; see `multiback.profiling.sweep` for how.
        costs: What the step costs by count.
        gemm: Floating-point operations a second of a large matrix product on this backend.
    """

    model: str
    step: str
    backend: str
    settings: dict[str, Any]
    batch_size: int
    rounds: int
    clock: str
    wall: float
    cpu: float
    rows: tuple[Row, ...]
    costs: Costs
    gemm: float

    @property
    def parts(self) -> float:
        """Seconds of all equations alone, without what their calls cost."""
        return sum(row.seconds for row in self.rows)

    @property
    def overhead(self) -> float:
        """Seconds that the calls of the equations alone would cost: no part of the whole step, nor of `parts`."""
        return sum(row.overhead for row in self.rows)

    @property
    def traffic(self) -> int:
        """Bytes that the equations read and write, each operand and output once."""
        return sum(row.read + row.written for row in self.rows)

    @property
    def whole(self) -> float:
        """Seconds of one whole step by the clock that its parts were timed by."""
        return self.cpu if self.clock == "cpu" else self.wall

    @property
    def flops_per_second(self) -> float:
        """Floating-point operations a second of the whole step."""
        return self.costs.flops / self.whole

    @property
    def share_of_gemm(self) -> float:
        """What part of a large matrix product's speed the whole step attains."""
        return self.flops_per_second / self.gemm

    @property
    def layers(self) -> Node:
        """The tree of layers, ops and times."""
        return layer_tree(self.model, self.rows, self.costs)

    def __str__(self) -> str:
        from multiback.profiling.table import text

        return text(self)

    def __rich__(self) -> Any:
        from multiback.profiling.table import renderable

        return renderable(self)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data: seconds, counts, bytes."""
        found = {k: v for k, v in asdict(self).items() if k not in ("rows", "costs")}
        return {
            **found,
            "whole": self.whole,
            "parts": self.parts,
            "overhead": self.overhead,
            "flops": self.costs.flops,
            "flops_are_exact": self.costs.exact,
            "flops_by_phase": {phase: self.costs.of_phase(phase) for phase in PHASES},
            "share_of_gemm": self.share_of_gemm,
            "bytes_read": sum(row.read for row in self.rows),
            "bytes_written": sum(row.written for row in self.rows),
            "peak_live_bytes": self.costs.peak,
            "state_bytes": self.costs.state,
            "parameters": self.costs.parameters,
            "rows": [asdict(row) for row in self.rows],
        }

    def json(self, path: str | Path) -> None:
        """Writes everything to a file.

        Example:
            >>> model.profile(x, y).json("profile.json")  # doctest: +SKIP
        """
        Path(path).write_text(json.dumps(self.to_json(), indent=1) + "\n", encoding="utf-8")

    def html(self, path: str | Path) -> None:
        """Writes a page that needs nothing else: the layers and ops as a flame graph, and the table.

        Example:
            >>> model.profile(x, y).html("profile.html")  # doctest: +SKIP
        """
        from multiback.profiling.page import page

        Path(path).write_text(page(self), encoding="utf-8")


def profile(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    batch_size: int | None = None,
    steps: int = 10,
    training: bool | None = None,
    clock: str = "wall",
) -> Profile:
    """Measures one step of a model on its backend; see `Model.profile`.

    Raises:
        ArgumentError: if `steps` is not positive, or there is no such clock.
        NotCompiledError: for a training step of a model that is not compiled.

    Example:
        >>> print(profile(model, x, y, batch_size=64))  # doctest: +SKIP
    """
    if steps < 1:
        raise ArgumentError(f"profile() needs at least one step, got steps={steps}.")
    if clock not in CLOCKS:
        raise ArgumentError(f"clock must be one of {', '.join(map(repr, CLOCKS))}, got {clock!r}.")
    training = (y is not None and model.compiled) if training is None else training
    if training:
        model._needs_compile("profile")
    rows = batch_size or _ROWS
    batch = model._batch(*(tree.map(lambda a: None if a is None else a[:rows], part) for part in (x, y)))
    model._ensure_built_on(batch)
    name, adapter = ("train_step" if training else "predict_step"), model._adapter()
    jit = None if getattr(model, "jit_compile", "auto") == "auto" else bool(model.jit_compile)
    # A step of its own: that of the model is bound to the model's state.
    compiled = Step(getattr(model, name), name, adapter, Options(jit=jit), eager=False).program(batch)
    traced, executable = compiled.trace, compiled.executable
    state = [v.numpy() for v in traced.variables]
    arguments = [np.asarray(a) for a in tree.leaves(tuple(batch)) if a is not None]
    sizes = sizes_of(traced.graph, [*state, *arguments])
    options = Options(jit=jit, sizes=compiled.sizes)
    # Parts are compiled as the whole was, where that was chosen by measuring.
    options = tuning.with_jit(adapter, adapter.prepare(traced.graph, options), options)

    def arrays() -> list[Any]:
        return [adapter.from_numpy(a) for a in (*state, *arguments)]

    whole = Program(executable, arrays()).by_clocks(steps)
    graph = executable.graph if adapter.autodiff else traced.graph
    return Profile(
        model=model.name,
        step=name,
        backend=f"{adapter.name} {adapter.version()} on {adapter.device(arrays()[-1])}",
        settings={**adapter.environment(), "jit": "usual" if options.jit is None else options.jit},
        batch_size=len(tree.leaves(batch.x)[0]),
        rounds=steps,
        clock=clock,
        **whole,
        rows=tuple(Sweep(executable, graph, options, sizes, steps, clock).run(arrays())),
        costs=costs(traced.graph, sizes),
        gemm=gemm_limit(adapter, steps, clock),
    )

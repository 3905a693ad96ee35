"""The graphs of the suite's models in each dtype, their first state and batches, and the reference's trajectories."""

from __future__ import annotations

import contextlib
import functools
import importlib
import pkgutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

import multiback as mb
from multiback import config, dtype_policies, tree
from multiback.backends.protocol import Adapter, Cell, Options
from multiback.backends.registry import get_adapter
from multiback.graph import passes
from multiback.graph.ir import Graph, flat
from multiback.testing import models
from multiback.testing.conditioning import Twins, neighbours

BATCH = 8
TWINS = 4
"""Perturbed runs of the reference."""


def model_names() -> list[str]:
    """The models of the suite."""
    return [info.name for info in pkgutil.iter_modules(models.__path__)]


@dataclass(frozen=True, eq=False)
class Subject:
    """A model of the suite, traced in one dtype.

    Attributes:
        step: The graph of `train_step`: state and a batch to new state and logs.
        gradients: The graph of each loss and its gradients as `train_step` takes them, of the same inputs.
        gradient_names: Of the outputs of `gradients`.
        forward: The graph of `predict_step`.
        state: The initial values of the state inputs of `step`.
        trainable: Which of these are weights that training updates.
        forward_state: The initial values of the state inputs of `forward`.
        batches: The arguments of `step`, for each batch of the data.
    """

    step: Graph
    gradients: Graph
    gradient_names: tuple[str, ...]
    forward: Graph
    state: tuple[np.ndarray, ...]
    trainable: tuple[bool, ...]
    forward_state: tuple[np.ndarray, ...]
    batches: tuple[tuple[np.ndarray, ...], ...]

    @property
    def names(self) -> list[str]:
        """Of the state inputs of `step`: no two alike."""
        return [str(v.name) for v in self.step.inputs[: self.step.state]]

    @property
    def weights(self) -> list[int]:
        """The places of the weights that training updates among the state inputs of `step`."""
        return [i for i, trainable in enumerate(self.trainable) if trainable]

    @property
    def forward_inputs(self) -> list[np.ndarray]:
        """The inputs of `forward`: the initial state and the first batch."""
        return [*self.forward_state, *self.batches[0][: len(self.forward.arguments)]]


@functools.cache
def subject(name: str, dtype: str) -> Subject:
    """A model of the suite with `dtype` as `floatx` and as dtype policy, from seed 0."""
    module = importlib.import_module(f"{models.__name__}.{name}")
    with _policy(dtype), mb.use_backend("numpy"):
        mb.random.set_seed(0)
        model, data = module.model(), module.data()
        starts = range(0, len(tree.leaves(data)[0]), BATCH)
        batches = [model._batch(*tree.map(functools.partial(_part, start), data)) for start in starts]
        step, forward = (model._step(n, batches[0]).program(batches[0]).trace for n in ("train_step", "predict_step"))
    gradients, names = _gradients(step.graph)
    return Subject(
        step.graph,
        gradients,
        names,
        forward.graph,
        tuple(v.numpy() for v in step.variables),
        tuple(v.trainable for v in step.variables),
        tuple(v.numpy() for v in forward.variables),
        tuple(tuple(a for a in tree.leaves(tuple(batch)) if a is not None) for batch in batches),
    )


def _part(start: int, array: np.ndarray | None) -> np.ndarray | None:
    return None if array is None else array[start : start + BATCH]


@contextlib.contextmanager
def _policy(dtype: str) -> Iterator[None]:
    policy, floatx = dtype_policies.dtype_policy(), config.floatx()
    dtype_policies.set_dtype_policy(dtype)
    config.set_floatx(dtype)
    try:
        yield
    finally:
        # A policy of the name of floatx may be none at all, and then it goes on to follow floatx.
        dtype_policies.set_dtype_policy(None if policy.name == floatx else policy)
        config.set_floatx(floatx)


def _gradients(step: Graph) -> tuple[Graph, tuple[str, ...]]:
    """The losses and gradients of a training step as a graph of its own, and the names of its outputs."""
    outputs, names = [], []
    for equation in step.equations:
        if equation.op.name == "value_and_grad":
            (loss, *_), gradients = equation.outputs  # type: ignore[misc]
            weights = flat(equation.inputs[equation.op.operands.index("wrt")])
            outputs += [loss, *flat(gradients)]
            names += ["loss", *(f"gradient of {w.name}" for w in weights)]
    graph = step.replace(name="gradients", outputs=tuple(outputs), state=0, updates=())
    return passes.dead_code(graph), tuple(names)


class Training:
    """A model's training step compiled on an adapter, once for all states it starts from.

    Arguments:
        adapter: Where.
        of: What.
        options: How the step is compiled.
    """

    def __init__(self, adapter: Adapter, of: Subject, options: Options | None = None) -> None:
        self.adapter = adapter
        self.of = of
        self.executable = adapter.compile(of.step, options)
        self.batches = [[adapter.from_numpy(a) for a in batch] for batch in of.batches]
        self.cells: list[Cell] = []

    def run(
        self, state: Sequence[np.ndarray], steps: int, *, start: int = 0, keep: Collection[int] = ()
    ) -> dict[int, list[np.ndarray]]:
        """Trains for some steps, one batch after the other.

        Arguments:
            state: The first state.
            steps: How many.
            start: The number of the first step, which chooses its batch.
            keep: After how many steps the state is kept; after the last it always is.

        Returns:
            The states that are kept, by number of steps.
        """
        kept = {}
        self._hold(state)
        for done in range(1, steps + 1):
            batch = self.batches[(start + done - 1) % len(self.batches)]
            new, _ = self.executable.run(self.cells, batch)
            for index, cell in zip(self.of.step.updates, new):
                self.cells[index] = cell
            if done in keep or done == steps:
                kept[done] = [np.array(self.adapter.to_numpy(self.adapter.read(c))) for c in self.cells]
        return kept

    def _hold(self, state: Sequence[np.ndarray]) -> None:
        """Puts the state into cells: those there are, since a program may be bound to them."""
        arrays = [self.adapter.from_numpy(a) for a in state]
        if self.cells:
            self.cells = [self.adapter.write(c, a) for c, a in zip(self.cells, arrays)]
        else:
            rows = zip(arrays, self.of.trainable, self.of.names)
            self.cells = [self.adapter.cell(a, trainable=t, name=n) for a, t, n in rows]


@functools.cache
def reference_run(name: str, steps: int, keep: tuple[int, ...], twin: int | None = None) -> dict[int, list[np.ndarray]]:
    """The states of the float64 reference, composites expanded; of a twin: from weights one unit away."""
    of = subject(name, "float64")
    state = list(of.state)
    if twin is not None:
        random = np.random.default_rng([twin])
        moved = neighbours([state[i] for i in of.weights], random)
        for i, array in zip(of.weights, moved):
            state[i] = array
    return Training(get_adapter("numpy"), of, Options(fast=False)).run(state, steps, keep=keep)


def reference_weights(name: str, steps: int, keep: tuple[int, ...]) -> dict[int, Twins]:
    """The weights of the float64 reference after some steps, and how far its twins had gone by then."""
    of = subject(name, "float64")

    def weights(states: dict[int, list[np.ndarray]], step: int) -> list[np.ndarray]:
        return [states[step][i] for i in of.weights]

    want = reference_run(name, steps, keep)
    twins = [reference_run(name, steps, keep, twin) for twin in range(TWINS)]
    return {step: Twins.of(weights(want, step), [weights(t, step) for t in twins]) for step in want}

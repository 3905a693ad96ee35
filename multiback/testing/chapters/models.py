"""Checks of whole models: outputs, gradients, single steps and trajectories of training, against the float64 reference.

Outputs, gradients and steps are held to 16 times the distance to which random rounding of every primitive, in the dtype
that is judged, moves the reference: see `multiback.testing.rounding`. Steps in float32 start from the reference's own
state after some steps ("teacher forcing"), so that each is judged by itself. Trajectories in float64 are held to 16
times the distance to which the reference's own twins, one unit in the last place away at the start, have gone: see
`multiback.testing.conditioning`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np

from multiback.backends.protocol import Adapter, Options
from multiback.graph.ir import Graph
from multiback.testing.model_graphs import Training, model_names, reference_run, reference_weights, subject
from multiback.testing.records import Check, Row
from multiback.testing.rounding import SLACK, Spread, spreads

KIND = "models"
SHORT, LONG = (1, 10, 100), (1, 10, 100, 300, 1000)
"""After how many steps a trajectory is compared."""

FORCED = (0, 10, 100)
"""After how many steps of the reference a single step is compared."""

EXPANDED = {
    "bilstm_tagger": "lstm",
    "gru_seq2seq": "gru",
    "resnet": "batch_norm_train",
    "transformer_decoder": "dot_product_attention",
    "transformer_encoder": "layer_normalization",
}
"""The models whose steps are compared without native composites too, where the adapter has the one named here."""


def checks() -> Iterator[Check]:
    """All checks of all models."""
    for name in model_names():
        for dtype in ("float64", "float32"):
            yield Check(KIND, name, "forward", dtype, functools.partial(forward, name, dtype))
            # Steps in float32 compare the slots that the first one fills with gradients.
            derived = dtype == "float32"
            yield Check(KIND, name, "gradients", dtype, functools.partial(gradients, name, dtype), thorough=derived)
        yield Check(KIND, name, "steps", "float32", functools.partial(forced_steps, name))
        if name in EXPANDED:
            body = functools.partial(forced_steps, name, fast=False)
            concerns = functools.partial(_has_fast, EXPANDED[name])
            yield Check(KIND, name, "steps", "float32", body, path="expanded", concerns=concerns)
        for keep, thorough in ((SHORT, False), (LONG, True)):
            course = functools.partial(trajectory, name, keep)
            yield Check(KIND, name, f"{keep[-1]}-steps", "float64", course, thorough=thorough)


def uncovered() -> list[str]:
    """None: the checks are made from the models that there are."""
    return []


def _has_fast(name: str, adapter: Adapter) -> bool:
    return name in adapter.fast


def forward(name: str, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """Compares the outputs of the untrained model."""
    of = subject(name, dtype)
    inputs = of.forward_inputs
    graph = of.forward.replace(state=0, updates=())
    names = [f"output {i}" for i in range(len(graph.outputs))]
    yield from _compared(adapter, graph, inputs, expected(name, dtype, "forward"), names)


def gradients(name: str, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """Compares the loss, and its gradient with respect to every weight, as the first training step takes them."""
    of = subject(name, dtype)
    inputs = [*of.state, *of.batches[0]]
    yield from _compared(adapter, of.gradients, inputs, expected(name, dtype, "gradients"), of.gradient_names)


def forced_steps(name: str, adapter: Adapter, *, fast: bool = True) -> Iterator[Row]:
    """Compares all state after one float32 step from the reference's state, for several states."""
    of = subject(name, "float32")
    training = Training(adapter, of, Options(fast=fast))
    for start in FORCED:
        got = training.run(state_after(name, start), 1, start=start)[1]
        spread = expected(name, "float32", "step", start)
        for index, row in zip(of.step.updates, spread):
            value = of.step.inputs[index]
            yield Row(f"{value.name} after step {start + 1}", row.judge(got[index], value.dtype))


def trajectory(name: str, keep: tuple[int, ...], adapter: Adapter) -> Iterator[Row]:
    """Compares the weights on the way through training in float64, from the same state and batches."""
    of = subject(name, "float64")
    names = [of.names[i] for i in of.weights]
    got = Training(adapter, of).run(of.state, keep[-1], keep=keep)
    for step, twins in reference_weights(name, keep[-1], keep).items():
        yield Row(f"weights after {step} steps", twins.judge([got[step][i] for i in of.weights], names))


@functools.cache
def expected(name: str, dtype: str, what: str, start: int = 0) -> list[Spread]:
    """The reference's outputs of one of a model's graphs, and how far rounding moves them."""
    of = subject(name, dtype)
    if what == "forward":
        return spreads(of.forward, of.forward_inputs)
    if what == "gradients":
        return spreads(of.gradients, [*of.state, *of.batches[0]])
    return spreads(of.step, [*state_after(name, start), *of.batches[start % len(of.batches)]], roundings=SLACK)


def state_after(name: str, steps: int) -> list[np.ndarray]:
    """The float64 reference's state after some steps, rounded to what a float32 model holds."""
    of = subject(name, "float32")
    if not steps:
        return list(of.state)
    # The dtypes are traced apart, and may read their state in another order.
    reached = dict(zip(subject(name, "float64").names, reference_run(name, max(FORCED), FORCED)[steps]))
    return [reached[n].astype(a.dtype) for n, a in zip(of.names, of.state)]


def _compared(
    adapter: Adapter, graph: Graph, inputs: Sequence[np.ndarray], spread: Sequence[Spread], names: Sequence[str]
) -> Iterator[Row]:
    got = adapter.compile(graph)(*inputs)
    for name, value, g, row in zip(names, graph.outputs, got, spread):
        yield Row(name, row.judge(adapter.to_numpy(g), value.dtype))

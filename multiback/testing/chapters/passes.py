"""Checks of the passes: what a pass rewrites means the same with it and without it, on graphs and on whole models.

All results are held to the bound of whole models: 16 times what one rounding at each primitive does to the reference.
Whole models are compared with all passes in their own chapter; here without any.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from multiback.backends.protocol import Adapter, Options
from multiback.graph.passes import PASSES
from multiback.testing.chapters import models
from multiback.testing.model_graphs import model_names, subject
from multiback.testing.pass_graphs import BATCH, REWRITINGS, Rewriting
from multiback.testing.records import Check, Row, holds
from multiback.testing.rounding import spreads

KIND = "passes"
_SOON = ("bilstm_tagger", "resnet", "transformer_encoder")
"""The models whose gradients are compared in the short suite too."""


def checks() -> Iterator[Check]:
    """All checks of all passes."""
    for case in REWRITINGS:
        label = f"{case.label}, differentiated" if case.differentiated else case.label
        concerns = functools.partial(_has, case.needs)
        yield Check(KIND, case.of, label, "float32", functools.partial(means_the_same, case), concerns=concerns)
    for name in model_names():
        for what in ("forward", "gradients"):
            run = functools.partial(without_passes, name, what)
            late = what == "gradients" and name not in _SOON
            yield Check(KIND, name, f"no passes/{what}", "float32", run, thorough=late)


def uncovered() -> list[str]:
    """Passes without a graph that they rewrite."""
    return sorted(PASSES - {case.of for case in REWRITINGS})


def _has(needs: str, adapter: Adapter) -> bool:
    return not needs or needs in adapter.fast


def means_the_same(case: Rewriting, adapter: Adapter) -> Iterator[Row]:
    """Compares the graph with and without the pass; which must differ."""
    prepared = []
    for off in (frozenset[str](), frozenset({case.of})):
        executable = adapter.compile(case.graph, Options(passes_off=off, sizes=(("batch", BATCH),)))
        prepared.append(str(executable.graph))
        got = executable(*case.arrays)
        for i, (value, x, spread) in enumerate(zip(case.graph.outputs, got, spreads(case.graph, case.arrays))):
            yield Row(f"output {i} {'without' if off else 'with'} it", spread.judge(adapter.to_numpy(x), value.dtype))
    yield holds("the pass applies", prepared[0] != prepared[1], f"the graph is the same without it:\n{prepared[0]}")


def without_passes(name: str, what: str, adapter: Adapter) -> Iterator[Row]:
    """Compares a whole model's outputs, or its loss and gradients, with every pass left out."""
    of = subject(name, "float32")
    options = Options(passes_off=PASSES)
    if what == "forward":
        names = [f"output {i}" for i in range(len(of.forward.outputs))]
        graph, inputs = of.forward.replace(state=0, updates=()), of.forward_inputs
    else:
        graph, inputs, names = of.gradients, [*of.state, *of.batches[0]], list(of.gradient_names)
    got = adapter.compile(graph, options)(*inputs)
    for label, value, x, spread in zip(names, graph.outputs, got, models.expected(name, "float32", what)):
        yield Row(label, spread.judge(adapter.to_numpy(x), value.dtype))

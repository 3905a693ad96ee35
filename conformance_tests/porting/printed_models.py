"""Models of the suite, their float64 meaning, and adapters that run each graph as the source that is written of it."""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

import multiback as mb
from multiback import tree
from multiback.backends.protocol import Executable, Options
from multiback.backends.registry import get_adapter
from multiback.graph import passes
from multiback.graph.ir import Graph
from multiback.porting.forward import forward_graph
from multiback.porting.porter import get_porter
from multiback.porting.source import write_graph
from multiback.porting.source.running import run_source
from multiback.testing import models


@functools.cache
def built(name: str) -> tuple[Any, list[np.ndarray]]:
    """A model of the suite, called once, and the arrays of a batch."""
    module = importlib.import_module(f"{models.__name__}.{name}")
    mb.random.set_seed(0)
    with mb.use_backend("numpy"):
        model, data = module.model(), module.data()
        arrays = [np.asarray(a[:4], np.float32 if a.dtype.kind == "f" else a.dtype) for a in tree.leaves(data[0])]
        model(arrays if len(arrays) > 1 else arrays[0])
    return model, arrays


def meaning(model: Any, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of a model for inference, computed by NumPy in float64."""
    form = forward_graph(model)
    graph = passes.widen(form.graph)
    state = [v.numpy() for v in form.variables]
    given = [np.asarray(a, v.dtype.numpy) for a, v in zip([*state, *arrays], graph.inputs)]
    executable = get_adapter("numpy").compile(graph.replace(state=0, updates=()), Options())
    return list(executable.run((), given)[1])


def close(got: Any, want: Any, what: str = "", relative: float = 1e-12) -> None:
    """Fails unless two arrays in float64 agree to a few thousand roundings of their largest element."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, f"{what}: {got.shape}, expected {want.shape}"
    largest = np.max(np.abs(want), initial=1e-300)
    assert np.max(np.abs(got - want), initial=0) <= relative * largest, what


def printed(backend: str, framework: str) -> Any:
    """An adapter of `backend` that runs graphs through the source for `framework`; its gradients are its own."""
    home = get_adapter(backend)
    target = get_porter(framework).module("exporter").TARGET

    class Printed(type(home)):  # type: ignore[misc]
        def compile(self, graph: Graph, options: Options | None = None) -> Executable:
            if any(e.op.name == "value_and_grad" for e in graph.walk()):
                return super().compile(graph, options)
            source = write_graph(graph, target)
            module = run_source(source)

            def run(state: Sequence[Any], arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
                if hasattr(module, "apply"):
                    with np.errstate(all="ignore"), warnings.catch_warnings():
                        warnings.simplefilter("ignore", RuntimeWarning)  # a mean of nothing is NaN
                        return (), module.apply(module.nested_weights(source.arrays), *arguments)
                model = getattr(module, source.name)()
                module.set_weights(model, source.arrays)
                return (), model(*arguments)

            return Executable(graph, source.text, run, self, lambda: None)  # type: ignore[arg-type,return-value]

    return Printed(home.plugin)

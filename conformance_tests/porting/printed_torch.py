"""An adapter that runs each graph as the PyTorch source that is written of it, and the models of the suite."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

import multiback as mb
from multiback import tree
from multiback.backends.protocol import Executable, Options
from multiback.backends.registry import get_adapter
from multiback.graph.ir import Graph
from multiback.porting.source import write_graph
from multiback.testing import models
from multiback_torch.exporter import TARGET, made
from multiback_torch.runtime import TorchAdapter


class PrintedTorch(TorchAdapter):
    """As torch's adapter, through `to_source`; a gradient is left to the adapter itself."""

    def compile(self, graph: Graph, options: Options | None = None) -> Executable:
        if any(e.op.name == "value_and_grad" for e in graph.walk()):
            return super().compile(graph, options)
        source = write_graph(graph, TARGET)
        module = made(source, source.arrays)

        def run(state: Sequence[Any], arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
            with torch.no_grad():
                return (), module(*arguments)

        return Executable(graph, source.text, run, self, lambda: None)  # type: ignore[arg-type,return-value]


def printed() -> PrintedTorch:
    """The adapter."""
    return PrintedTorch(get_adapter("torch").plugin)


@functools.cache
def built(name: str) -> tuple[Any, Any]:
    """A model of the suite, called once, and a batch."""
    module = importlib.import_module(f"{models.__name__}.{name}")
    mb.random.set_seed(0)
    with mb.use_backend("numpy"):
        model, data = module.model(), module.data()
        x = tree.map(lambda a: np.asarray(a[:4], np.float32 if a.dtype.kind == "f" else a.dtype), data[0])
        model(x)
    return model, x

"""An adapter that runs each graph as the PyTorch source that is written of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from multiback_torch.exporter import TARGET, made
from multiback_torch.runtime import TorchAdapter

from multiback.backends.protocol import Executable, Options
from multiback.backends.registry import get_adapter
from multiback.graph.ir import Graph
from multiback.porting.source import write_graph


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

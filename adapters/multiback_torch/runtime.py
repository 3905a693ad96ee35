"""The PyTorch adapter: straight-line calls of torch functions, torch.autograd, state updated in place."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import torch
import torch.nn.functional as F

import multiback.ops
from multiback import dtypes, tree
from multiback.backends.protocol import Adapter, Fast, Options
from multiback.graph.donation import aliases, donate, sound
from multiback.graph.explicit import write_out
from multiback.graph.ir import Equation, Graph, Value
from multiback.graph.kernels import Kernel
from multiback.graph.passes import PASSES
from multiback.graph.source import Dialect, Lowering
from multiback_torch._allocator import keep_freed_memory
from multiback_torch._overwriting import overwrite
from multiback_torch._unsigned import in_int64
from multiback_torch.backward import BACKWARD, EXPANDED, PRIMITIVES, STANDS_FOR
from multiback_torch.backward import RIVALS as BACKWARD_RIVALS
from multiback_torch.backward._aten import aten
from multiback_torch.fast import FAST, RIVALS
from multiback_torch.fast.updates import IN_PLACE
from multiback_torch.lowering import LOWER
from multiback_torch.probe import TorchProbe

_TO_TORCH = {d: getattr(torch, "bool" if d == "bool" else d) for d in dtypes.ALL.values()}
_FROM_TORCH = {t: d for d, t in _TO_TORCH.items()}
_ONCE_DIFFERENTIABLE = frozenset(["dot_product_attention", "hard_sigmoid"])
"""Composites whose kernels in torch have no second derivative."""


_modes: Callable[[], int] = getattr(torch._C, "_len_torch_function_stack", lambda: 1)


class TorchAdapter(Adapter):
    """Runs graphs on torch tensors."""

    lower = LOWER
    fast = FAST
    rivals: Mapping[str, Mapping[str, Fast]] = {**RIVALS, **BACKWARD_RIVALS}
    measures = True
    probe = TorchProbe()

    def __init__(self, plugin: Any) -> None:
        super().__init__(plugin)
        self.dialect = Dialect(
            "{x}.shape[{axis}]",
            lambda dtype: str(_TO_TORCH[dtype]),
            self.from_numpy,
            {"torch": torch, "F": F, "aten": aten},
        )

    def prepare(self, graph: Graph, options: Options) -> Graph:
        if _differentiated_twice(graph):
            options = replace(options, disabled=options.disabled | _ONCE_DIFFERENTIABLE)
        prepared = super().prepare(graph, options)
        if not sound(prepared, IN_PLACE):
            # A rewrite has made something share storage with what was to be overwritten.
            prepared = super().prepare(graph, replace(options, passes_off=PASSES))
        return in_int64(prepared if options.differentiable or options.jit else overwrite(prepared))

    def annotate(self, graph: Graph, options: Options) -> Graph:
        if options.differentiable:
            return graph
        if options.fast and not options.jit and "value_and_grad" not in options.disabled:
            entries = {**self.lower, **self.fast}
            rules = {n: r for n, r in BACKWARD.items() if entries.get(n) is STANDS_FOR[n]}
            graph = write_out(graph, rules, PRIMITIVES, lambda e: self.keeps(e, options) and e.op.name not in EXPANDED)
        return donate(graph, IN_PLACE)

    def lowering(self, equation: Equation) -> Lowering:
        return equation.op.lowering if isinstance(equation.op, Kernel) else super().lowering(equation)

    def wrap(self, function: Callable[..., Any], graph: Graph, options: Options) -> Callable[..., Any]:
        count, updates = len(graph.updates), graph.updates
        if options.jit:
            function = torch.compile(function, dynamic=True)
        if options.differentiable:

            def run(state: Sequence[Any], arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
                outputs = function(*state, *arguments)
                cells = [
                    x.detach().requires_grad_(state[i].is_leaf and state[i].requires_grad)
                    for x, i in zip(outputs, updates)
                ]
                return cells, outputs[count:]

            return run
        shared = _shared_updates(graph)
        viewed = aliases(graph.equations, [graph.inputs[i] for i in updates])
        kept = [i for i, x in enumerate(graph.results) if x in viewed]

        def step(state: Sequence[Any], arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
            with torch.no_grad():
                outputs = function(*state, *arguments)
                if not count:
                    return (), outputs
                cells, old, new = list(outputs[:count]), [], []
                results = list(outputs[count:])
                for i in kept:
                    # A view of state that is about to change.
                    results[i] = results[i].clone()
                for i, index in enumerate(updates):
                    cell, value = state[index], cells[i]
                    if cell is value:
                        continue
                    if cell.requires_grad:
                        old.append(cell)
                        new.append(value)
                        cells[i] = cell
                    elif i in shared or value._is_view():
                        cells[i] = value.clone()
                if old:
                    torch._foreach_copy_(old, new)
            return cells, results

        return step

    def is_native(self, x: Any) -> bool:
        return isinstance(x, torch.Tensor)

    def is_concrete(self, x: Any) -> bool:
        return not torch.compiler.is_compiling() and not isinstance(x, torch._subclasses.FakeTensor)

    def shape(self, x: Any) -> tuple[int | None, ...]:
        return tuple(x.shape)

    def dtype(self, x: Any) -> dtypes.DType:
        return _FROM_TORCH[x.dtype]

    def from_numpy(self, array: np.ndarray, copy: bool = True) -> Any:
        if copy or not array.flags.writeable or not array.flags.c_contiguous:
            array = np.array(array, order="C")
        half = array.dtype == ml_dtypes.bfloat16
        tensor = torch.from_numpy(array.view(np.int16)).view(torch.bfloat16) if half else torch.from_numpy(array)
        device = torch.get_default_device()
        return tensor if device.type == "cpu" else tensor.to(device)

    def feed(self, array: np.ndarray) -> Any:
        # Nothing on the stack of modes: the default device is the CPU.
        if array.flags.carray and not _modes() and array.dtype.kind != "V":
            return torch.from_numpy(array)
        return self.from_numpy(array, copy=False)

    def to_numpy(self, x: Any) -> np.ndarray:
        x = x.detach().cpu()
        if x.dtype == torch.bfloat16:
            return x.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return x.numpy(force=True)

    def cell(self, array: Any, *, trainable: bool, name: str) -> Any:
        return array.detach().requires_grad_(trainable and array.is_floating_point())

    def read(self, cell: Any) -> Any:
        return cell

    def write(self, cell: Any, array: Any) -> Any:
        with torch.no_grad():
            return cell.copy_(array)

    def version(self) -> str:
        return str(torch.__version__)

    def device(self, x: Any) -> str:
        return str(x.device)

    def devices(self) -> list[str]:
        cuda = [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
        return [*cuda, "cpu"]

    def on_device(self, device: str) -> contextlib.AbstractContextManager[Any]:
        super().on_device(device)
        return torch.device(device)

    def environment(self) -> dict[str, Any]:
        return {
            "threads": torch.get_num_threads(),
            "keeps freed memory": _KEEPS_FREED_MEMORY,
            "matmul precision": torch.get_float32_matmul_precision(),
            "oneDNN": torch.backends.mkldnn.is_available(),
            **{k: v for k, v in os.environ.items() if k.startswith(("TORCH", "PYTORCH", "NVIDIA_TF32"))},
            "device": str(torch.get_default_device()),
        }

    def value_and_grad(self, function: Callable[..., Any], arrays: Sequence[Any]) -> tuple[Any, list[Any]]:
        nested = torch.is_grad_enabled() and any(x.requires_grad and not x.is_leaf for x in arrays)
        with torch.enable_grad():
            leaves = [x.view_as(x) if nested and x.requires_grad else x.detach().requires_grad_() for x in arrays]
            # A view of each leaf tells a gradient taken inside that it is being differentiated in turn.
            result = function(*(x.view_as(x) for x in leaves))
            gradients = (
                torch.autograd.grad(result[0], leaves, create_graph=nested, allow_unused=True, materialize_grads=True)
                if result[0].requires_grad
                else [torch.zeros_like(x) for x in leaves]
            )
        if not nested:
            result = tree.map(lambda x: x.detach() if isinstance(x, torch.Tensor) else x, result)
        return result, list(gradients)


def _differentiated_twice(graph: Graph) -> bool:
    """Whether there is a gradient of a gradient."""
    outer = (e.attributes["body"] for e in graph.walk() if e.op.name == "value_and_grad")
    return any(e.op.name == "value_and_grad" for body in outer for e in body.walk())


def _shared_updates(graph: Graph) -> frozenset[int]:
    """Updates whose new value is another input or another output: they need storage of their own."""
    new = graph.outputs[: len(graph.updates)]
    inputs = {v: i for i, v in enumerate(graph.inputs)}
    uses = Counter(graph.outputs)
    return frozenset(
        i
        for i, (value, index) in enumerate(zip(new, graph.updates))
        if isinstance(value, Value)
        and (inputs.get(value, index) != index or uses[value] > 1 or value in graph.constants)
    )


assert multiback.ops  # the vocabulary that the table is checked against
_KEEPS_FREED_MEMORY = keep_freed_memory()
ADAPTER = TorchAdapter

"""Looks into torch's own callables: copies of modules in the arrays' width, functions seen by a TorchFunctionMode."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode, resolve_name

from multiback import tree
from multiback.backends.probe import Intermediate, Probe, Script, line_outside, mentions


class TorchProbe(Probe):
    """Looks into modules and functions of torch."""

    script = Script(
        "import torch\nimport torch.nn.functional as F",
        array="torch.tensor({x}).to({dtype})",
        host="{x}.double().numpy()",
        function="torch.no_grad()({f})",
    )

    def owns(self, function: Any) -> bool:
        return isinstance(function, torch.nn.Module) or mentions(function, ["torch"])

    def call(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        with torch.no_grad():
            return [_host(y) for y in tree.leaves(_copied(function, arrays)(*map(torch.tensor, arrays)))]

    def gradients(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        with torch.enable_grad():
            inputs = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
            leaves = tree.leaves(_copied(function, arrays)(*inputs))
            total = sum((y * y).sum() for y in leaves if y.is_floating_point()) / 2
            wrt = [x for x in inputs if x.requires_grad]
            found = torch.autograd.grad(total, wrt, allow_unused=True, materialize_grads=True)
        return [_host(g) for g in found]

    def intermediates(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[Intermediate]:
        watch = _Watch()
        inputs = [torch.tensor(a) for a in arrays]
        function = _copied(function, arrays)
        watch.keep(inputs, lambda i: -1 - i)
        if isinstance(function, torch.nn.Module):
            for name, module in function.named_modules():
                module.register_forward_pre_hook(lambda m, _, name=name: watch.path.append(name))
                module.register_forward_hook(lambda m, *_: watch.path.pop() and None, always_call=True)
        with torch.no_grad(), watch:
            function(*inputs)
        return watch.found


class _Watch(TorchFunctionMode):
    """Records what every function of torch returns."""

    def __init__(self) -> None:
        super().__init__()
        self.path: list[str] = []
        self.found: list[Intermediate] = []
        self.known: dict[int, tuple[Any, int]] = {}

    def keep(self, tensors: Sequence[Any], number: Callable[[int], int]) -> None:
        """Remembers which intermediate each tensor is; a reference keeps its id."""
        self.known.update({id(x): (x, number(i)) for i, x in enumerate(tensors)})

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        parents = [self.known[id(x)][1] for x in _tensors((args, kwargs or {})) if id(x) in self.known]
        name = (resolve_name(func) or getattr(func, "__name__", "function")).removeprefix("torch.")
        path = self.path[-1] if self.path else ""
        for y in _tensors(result):
            if not y.is_floating_point() or id(y) in self.known:
                continue
            self.keep([y], lambda _: len(self.found))
            line = line_outside(("torch", "multiback_torch"), _frames())
            label = f"{path}/{name}".strip("/")
            self.found.append(Intermediate(label, _host(y), line, tuple(dict.fromkeys(parents)), name))
        return result


def _copied(function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> Callable[..., Any]:
    """A module's copy, whose statistics may change, in float64 if an input is."""
    if not isinstance(function, torch.nn.Module):
        return function
    module = copy.deepcopy(function)
    return module.double() if any(a.dtype == np.float64 for a in arrays) else module


def _host(x: Any) -> np.ndarray:
    x = x.detach().cpu()
    return (x.float() if x.dtype == torch.bfloat16 else x).numpy().copy()


def _tensors(x: Any) -> list[Any]:
    return [y for y in tree.leaves(x) if isinstance(y, torch.Tensor)]


def _frames() -> Iterator[tuple[str, int]]:
    frame: Any = sys._getframe(1)
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back

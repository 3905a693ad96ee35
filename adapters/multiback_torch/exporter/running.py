"""Generated modules run on NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import torch

from multiback import tree
from multiback.porting.source import Source


class Runner:
    """A generated module, for verification; see `multiback.porting.source.running`."""

    def __init__(self, source: Source, arrays: Mapping[str, np.ndarray]) -> None:
        from multiback_torch.exporter import made

        self.source = source
        self.module = made(source, arrays)

    def forward(self, arrays: Sequence[np.ndarray], training: bool) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the buffers that the call changed."""
        before = {name: value.clone() for name, value in self.module.state_dict().items()}
        self.module.train(training)
        try:
            with torch.no_grad():
                outputs = self.module(*(tensor(a, True) for a in arrays))
            after = self.module.state_dict()
            changed = {n: array(after[n]).copy() for n, value in before.items() if not torch.equal(after[n], value)}
        finally:
            self.module.load_state_dict(before)
            self.module.eval()
        return tree.map(lambda x: array(x) if isinstance(x, torch.Tensor) else x, outputs), changed

    def gradients(self, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs, by trained parameter."""
        before = {name: value.clone() for name, value in self.module.named_buffers()}
        names, parameters = zip(*((n, p) for n, p in self.module.named_parameters() if p.requires_grad))
        outputs = self.module(*(tensor(a, True) for a in arrays))
        floats = [y for y in tree.leaves(outputs) if isinstance(y, torch.Tensor) and y.is_floating_point()]
        total = sum((0.5 * (y * y).sum() for y in floats), torch.zeros(()))
        found = torch.autograd.grad(total, parameters, allow_unused=True, materialize_grads=True)
        for name, value in self.module.named_buffers():
            value.copy_(before[name])
        return dict(zip(names, map(array, found)))


def tensor(array: np.ndarray, copy: bool) -> torch.Tensor:
    """A NumPy array as a tensor, copied if it must be or is asked for."""
    if copy or not array.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array, order="C")
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def array(x: torch.Tensor) -> np.ndarray:
    """A tensor as a NumPy array."""
    x = x.detach().cpu()
    if x.dtype == torch.bfloat16:
        return x.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return x.numpy()

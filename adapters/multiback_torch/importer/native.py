"""The original module, as the verification of a port runs it."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from multiback.porting.imported import CannotRun
from multiback_torch.importer import failures, own_results
from multiback_torch.importer.inputs import Inputs, plain
from multiback_torch.importer.tensors import from_numpy, to_numpy

_DOUBLE = {torch.float16: torch.float64, torch.bfloat16: torch.float64, torch.float32: torch.float64}
SWITCHED = (
    torch.nn.modules.dropout._DropoutNd,
    torch.nn.modules.batchnorm._NormBase,
    torch.nn.modules.rnn.RNNBase,
)


def copied(module: torch.nn.Module, *, share: bool = False) -> torch.nn.Module:
    """A copy; tensors that a module computed and kept, which torch refuses to copy, are copied as numbers.

    Arguments:
        module: Stays as it is.
        share: Whether the copy has the parameters themselves, for a use that does not change them.
    """
    kept = (x for part in module.modules() for x in vars(part).values() if isinstance(x, torch.Tensor))
    memo: dict[int, Any] = {id(x): x.detach().clone() for x in kept if not x.is_leaf}
    return copy.deepcopy(module, {**memo, **{id(p): p for p in module.parameters() if share}})


def _widened(module: torch.nn.Module) -> torch.nn.Module:
    """The module in float64; a norm that takes its epsilon from the dtype keeps that of its own dtype."""
    for part in module.modules():
        if isinstance(part, torch.nn.RMSNorm) and part.eps is None:
            dtype = torch.float32 if part.weight is None else part.weight.dtype
            part.eps = torch.finfo(max(dtype, torch.float32, key=lambda d: d.itemsize)).eps
    return module.double()


class TorchOriginal:
    """A copy of a module that runs on NumPy arrays; the module itself is never touched.

    Arguments:
        module: The original.
        owner: The name of the weight that each name of a parameter or buffer belongs to.
        trains: Whether a call in training is in the module's own training mode; otherwise only its dropouts and norms
            are, as in a training form that was made from the evaluation form.
    """

    def __init__(self, module: torch.nn.Module, owner: dict[str, str], trains: bool) -> None:
        self.module = module
        self.owner = owner
        self.trains = trains
        self.runs = False

    def _copy(self, float64: bool, training: bool) -> torch.nn.Module:
        try:
            module = copied(self.module, share=not float64 and not training)
        except Exception as error:
            raise CannotRun(f"The module cannot be copied: {error}") from error
        module = (_widened(module) if float64 else module).train(training and self.trains)
        for part in module.modules():
            if training and isinstance(part, SWITCHED):
                part.training = True
        return module

    def forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool, float64: bool
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the buffers that a call in training changed."""
        module = self._copy(float64, training)
        before = {n: b.clone() for n, b in module.named_buffers()}
        with torch.no_grad():
            outputs = self._called(module, args, kwargs, float64)
        changed = {
            self.owner.get(n, n): to_numpy(b)
            for n, b in module.named_buffers()
            if n in before and not torch.equal(b, before[n])
        }
        with own_results.opened(own_results.classes(outputs)):
            leaves, structure = pytree.tree_flatten(outputs)
        leaves = [to_numpy(x) if isinstance(x, torch.Tensor) else x for x in leaves]
        return plain(structure, iter(leaves)), changed

    def gradients(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, float64: bool) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs."""
        module = self._copy(float64, False)
        with torch.enable_grad():
            outputs = self._called(module, args, kwargs, float64)
            with own_results.opened(own_results.classes(outputs)):
                leaves = pytree.tree_leaves(outputs)
            floats = [x for x in leaves if isinstance(x, torch.Tensor) and x.is_floating_point()]
            loss = sum((x * x).sum() for x in floats if x.requires_grad) * 0.5
        named = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
        if not isinstance(loss, torch.Tensor):
            return {self.owner.get(n, n): np.zeros(tuple(p.shape), to_numpy(p).dtype) for n, p in named}
        try:
            found = torch.autograd.grad(loss, [p for _, p in named], allow_unused=True)
        except Exception as error:  # A module's own backward may refuse to run in evaluation.
            raise CannotRun(f"The original gives no gradients: {error}") from error
        return {
            self.owner.get(n, n): to_numpy(torch.zeros_like(p) if g is None else g) for (n, p), g in zip(named, found)
        }

    def _called(self, module: torch.nn.Module, args: Any, kwargs: Any, float64: bool) -> Any:
        def tensor(x: Any) -> Any:
            if not isinstance(x, np.ndarray | np.generic):
                return x
            made = from_numpy(x)
            return made.to(_DOUBLE[made.dtype]) if float64 and made.dtype in _DOUBLE else made

        args, kwargs = pytree.tree_map(tensor, (args, kwargs))
        fast, default = torch.backends.mha.get_fastpath_enabled(), torch.get_default_dtype()
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            # What a module creates without saying a dtype is then in float64 too.
            torch.set_default_dtype(torch.float64 if float64 else default)
            with torch.random.fork_rng(devices=[]), _Precision() if float64 else contextlib.nullcontext():
                outputs = module(*args, **kwargs)
            self.runs = True
            return outputs
        except RuntimeError as error:
            if not (self.runs or float64):
                raise failures.wrong_inputs(type(module).__name__, Inputs(args, kwargs), error) from error
            raise CannotRun(f"The original does not run{' in float64' * float64}: {error}") from error
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            torch.set_default_dtype(default)


class _Precision(TorchDispatchMode):
    """Refuses what computes in a lower precision than float64, whatever its inputs are."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        given = [x for x in pytree.tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        made = [x for x in pytree.tree_leaves(found) if isinstance(x, torch.Tensor)]
        narrow = [x.dtype for x in made if x.dtype in _DOUBLE]
        if (narrow and given) or func in _IMPRECISE:
            raise CannotRun(f"the original computes in {narrow[0] if narrow else torch.float32} inside, at {func}")
        return found


_IMPRECISE = (torch.ops.aten.hardsigmoid.default,)
"""Ops whose kernels for float64 have constants of float32."""

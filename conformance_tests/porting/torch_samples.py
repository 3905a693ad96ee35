"""Torch's own samples of its ops, each as a module that is exported, imported and run on the reference backend."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
import unittest
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from multiback.backends import registry
from multiback.backends.protocol import Options
from multiback.graph.trace import trace
from multiback_torch.importer.load import load
from multiback_torch.importer.tensors import to_numpy

_LARGEST = 20_000


def op_infos() -> list[Any]:
    """The entries of torch's table of ops, with their samples."""
    name = "torch.testing._internal.common_methods_invocations"
    if name not in sys.modules:
        flag = "__allow_nonbracketed_mutation_flag"
        before = getattr(torch.backends, flag)
        lacking = "expecttest" not in sys.modules and importlib.util.find_spec("expecttest") is None
        if lacking:
            # Torch's test tools derive a class from one in this package, which nothing here uses.
            sys.modules["expecttest"] = types.ModuleType("expecttest")
            sys.modules["expecttest"].TestCase = unittest.TestCase  # type: ignore[attr-defined]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(name)
        finally:
            # Importing them forbids the whole process to set flags of torch.backends.
            setattr(torch.backends, flag, before)
            if lacking:
                del sys.modules["expecttest"]
    return list(sys.modules[name].op_db)


def samples(info: Any, dtype: torch.dtype, count: int | None) -> Iterator[Any]:
    """Some samples of an op, spread over the first that it has; all of them if `count` is None."""
    found = info.sample_inputs("cpu", dtype)
    if count is None:
        yield from found
        return
    listed = list(islice(found, 12))
    for i in np.unique(np.linspace(0, len(listed) - 1, count).astype(int)) if listed else []:
        yield listed[i]


class _Applied(torch.nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: torch.Tensor) -> Any:
        return self.function(*tensors)


def module_of(op: Any, sample: Any) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """A module that applies an op to the tensors of a sample, its other arguments fixed, and these tensors."""
    leaves, structure = pytree.tree_flatten((sample.input, tuple(sample.args), dict(sample.kwargs)))
    places = [i for i, x in enumerate(leaves) if isinstance(x, torch.Tensor)]

    def apply(*tensors: torch.Tensor) -> Any:
        filled = list(leaves)
        for i, x in zip(places, tensors):
            filled[i] = x
        first, args, kwargs = pytree.tree_unflatten(filled, structure)
        return op(first, *args, **kwargs)

    return _Applied(apply), tuple(leaves[i].detach() for i in places)


def is_small(tensors: tuple[torch.Tensor, ...]) -> bool:
    """Whether a sample is one to run: with tensors, and few elements."""
    return bool(tensors) and sum(t.numel() for t in tensors) <= _LARGEST


def ported(module: torch.nn.Module, tensors: tuple[torch.Tensor, ...], backend: str = "numpy") -> list[np.ndarray]:
    """The results of a module as it is imported."""
    imported = load(module, tensors, dynamic_batch=False)
    key = np.array([1, 2], np.int32)
    recorded = trace(lambda *given: imported.program({}, lambda: key, False, given, {}), *imported.args)
    adapter = registry.get_adapter(backend)
    executable = adapter.compile(recorded.graph, Options())
    results = executable.run((), [adapter.from_numpy(to_numpy(t)) for t in tensors])[1]
    return [adapter.to_numpy(r) for r in results]


def assert_same(expected: Any, actual: list[np.ndarray], *, places: bool) -> None:
    """Integers and bools exactly, floats within 1e-12 (1e-5 in single precision) of the largest; all with their dtype.

    Arguments:
        places: Whether results in int64 that follow a first one are compared: not where they say which of equal
            elements was taken.
    """
    wanted = pytree.tree_leaves(expected)
    assert len(wanted) == len(actual)
    for i, (want, got) in enumerate(zip(wanted, actual)):
        want = to_numpy(torch.as_tensor(want).detach())
        assert (want.shape, want.dtype) == (got.shape, got.dtype)
        if want.dtype.kind not in "fc":
            if places or (i == 0 and len(wanted) > 1):
                np.testing.assert_array_equal(got, want)
            continue
        finite = np.isfinite(want)
        np.testing.assert_array_equal(got[~finite], want[~finite])
        bound = 1e-5 if want.dtype.itemsize // (2 if want.dtype.kind == "c" else 1) == 4 else 1e-12
        assert np.all(np.abs(got[finite] - want[finite]) <= bound * max(1.0, np.abs(want[finite]).max(initial=0.0)))


__all__ = ["assert_same", "is_small", "module_of", "op_infos", "ported", "samples"]

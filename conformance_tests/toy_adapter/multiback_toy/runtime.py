"""The toy framework, an array class around NumPy, and its adapter.

A framework of one's own needs a table of primitives. This one takes each op's NumPy meaning, unwrapping and wrapping
its arrays, and leaves gradients to multiback (`autodiff = False`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

import multiback.ops
from multiback.backends import Adapter, Options
from multiback.dtypes import ALL, DType, as_dtype
from multiback.graph.ir import Graph, Spec
from multiback.graph.op import OPS
from multiback.graph.source import Dialect
from multiback.graph.trace import trace


class ToyArray:
    """The toy framework's array."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = np.asarray(data)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    def __bool__(self) -> bool:
        return bool(self.data)

    def __getitem__(self, index: int) -> ToyArray:
        return ToyArray(self.data[index])


def _unwrapped(x: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(_unwrapped(i) for i in x)
    return x.data if isinstance(x, ToyArray) else _unwrapping(x) if callable(x) and not isinstance(x, DType) else x


def _wrapped(x: Any) -> Any:
    return tuple(_wrapped(i) for i in x) if isinstance(x, tuple) else ToyArray(x)


def _lifted(meaning: Callable[..., Any]) -> Callable[..., Any]:
    def lowering(*operands: Any, **attributes: Any) -> Any:
        return _wrapped(meaning(*map(_unwrapped, operands), **{k: _unwrapped(v) for k, v in attributes.items()}))

    return lowering


def _unwrapping(function: Callable[..., Any]) -> Callable[..., Any]:
    """A sub-graph's function, for a NumPy meaning that calls it with NumPy arrays."""
    return lambda *arrays: _unwrapped(function(*map(ToyArray, arrays)))


assert multiback.ops
LOWER = {name: _lifted(op.numpy) for name, op in OPS.items() if not op.composite and op.numpy is not None}


class ToyAdapter(Adapter):
    """Runs graphs on toy arrays."""

    lower = LOWER
    fast: ClassVar[dict[str, Any]] = {}
    autodiff = False
    dialect = Dialect("{x}.shape[{axis}]", lambda dtype: f"dtypes[{str(dtype)!r}]", ToyArray, {"dtypes": ALL})

    def wrap(self, function: Callable[..., Any], graph: Graph, options: Options) -> Callable[..., Any]:
        count = len(graph.updates)
        kinds = [value.dtype.numpy for value in graph.outputs]

        def run(state: Sequence[Any], arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
            with np.errstate(all="ignore"):
                results = function(*state, *arguments)
            outputs = [ToyArray(np.asarray(x.data, kind)) for x, kind in zip(results, kinds)]
            return outputs[:count], outputs[count:]

        return run

    def is_native(self, x: Any) -> bool:
        return isinstance(x, ToyArray)

    def is_concrete(self, x: Any) -> bool:
        return True

    def shape(self, x: Any) -> tuple[int | None, ...]:
        return x.shape

    def dtype(self, x: Any) -> DType:
        return as_dtype(x.dtype)

    def from_numpy(self, array: np.ndarray, copy: bool = True) -> ToyArray:
        return ToyArray(np.array(array))

    def to_numpy(self, x: ToyArray) -> np.ndarray:
        return x.data

    def cell(self, array: ToyArray, *, trainable: bool, name: str) -> ToyArray:
        return array

    def read(self, cell: ToyArray) -> ToyArray:
        return cell

    def write(self, cell: ToyArray, array: ToyArray) -> ToyArray:
        return array

    def version(self) -> str:
        return "0.1.0"

    def devices(self) -> list[str]:
        return ["cpu"]

    def value_and_grad(self, function: Callable[..., Any], arrays: Sequence[Any]) -> tuple[Any, list[Any]]:
        from multiback.backends.compile import Program

        both = multiback.ops.value_and_grad(function, argnums=tuple(range(len(arrays))), has_aux=True)
        traced = trace(both, *(Spec(x.shape, self.dtype(x)) for x in arrays), name="value_and_grad")
        value, gradients = Program(traced, self.compile(traced.graph, Options(differentiable=True)))(list(arrays))
        return value, list(gradients)


ADAPTER = ToyAdapter

"""The NumPy adapter: each op's own NumPy meaning, gradients from the vjp rules. Slow and right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.backends.compile import Program
from multiback.backends.protocol import Adapter, Fast, Options
from multiback.graph import gradient, passes
from multiback.graph.ir import Equation, Graph, Spec
from multiback.graph.op import OPS
from multiback.graph.source import Dialect, Lowering
from multiback.graph.trace import trace

_EXPANDED = ("value_and_grad",)


class _Meanings(Mapping[str, Lowering]):
    """Op name to NumPy meaning, for primitives and for composites that have one."""

    def __init__(self, composite: bool) -> None:
        self.composite = composite

    def __getitem__(self, name: str) -> Lowering:
        op = OPS[name]
        if op.composite is not self.composite or (op.numpy is None and name not in _EXPANDED):
            raise KeyError(name)
        return op.numpy or _never

    def __contains__(self, name: object) -> bool:
        try:
            return self[str(name)] is not None
        except KeyError:
            return False

    def __iter__(self) -> Any:
        return (n for n in OPS if n in self)

    def __len__(self) -> int:
        return len(list(iter(self)))


def _never(*_: Any, **__: Any) -> Any:
    raise AssertionError("value_and_grad is written out before lowering")


class NumpyAdapter(Adapter):
    """Runs graphs on NumPy arrays."""

    lower = _Meanings(composite=False)
    fast: Mapping[str, Fast] = {}
    dialect = Dialect("{x}.shape[{axis}]", lambda dtype: f"dtypes[{str(dtype)!r}]", lambda array: array, {"dtypes": dtypes.ALL})

    def prepare(self, graph: Graph, options: Options) -> Graph:
        expanded = gradient.expand_gradients(graph)
        return passes.optimize(passes.expand(expanded, lambda e: options.fast and e.op.numpy is not None))

    def lowering(self, equation: Equation) -> Lowering:
        return equation.op.numpy  # type: ignore[return-value]

    def wrap(self, function: Callable[..., Any], graph: Graph, options: Options) -> Callable[..., Any]:
        count = len(graph.updates)
        expected = [v.dtype.numpy for v in graph.outputs]

        def run(state: Sequence[Any], arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
            with np.errstate(all="ignore"):
                outputs = function(*state, *arguments)
            outputs = [np.asarray(x, d) for x, d in zip(outputs, expected)]
            return outputs[:count], outputs[count:]

        return run

    def is_native(self, x: Any) -> bool:
        return isinstance(x, np.ndarray | np.generic)

    def is_concrete(self, x: Any) -> bool:
        return True

    def shape(self, x: Any) -> tuple[int | None, ...]:
        return x.shape

    def dtype(self, x: Any) -> dtypes.DType:
        return dtypes.as_dtype(x.dtype)

    def from_numpy(self, array: np.ndarray, copy: bool = True) -> Any:
        return np.array(array, copy=True if copy else None)

    def to_numpy(self, x: Any) -> np.ndarray:
        return np.asarray(x)

    def cell(self, array: Any, *, trainable: bool, name: str) -> Any:
        return array

    def read(self, cell: Any) -> Any:
        return cell

    def version(self) -> str:
        return np.__version__

    def devices(self) -> list[str]:
        return ["cpu"]

    def value_and_grad(self, function: Callable[..., Any], arrays: Sequence[Any]) -> tuple[Any, list[Any]]:
        wrt = range(len(arrays))
        both = ops.value_and_grad(function, argnums=tuple(wrt), has_aux=True)
        traced = trace(both, *(Spec(x.shape, self.dtype(x)) for x in arrays), name="value_and_grad")
        (value, gradients) = Program(traced, self.compile(traced.graph, Options(differentiable=True)))(list(arrays))
        return value, list(gradients)


ADAPTER = NumpyAdapter

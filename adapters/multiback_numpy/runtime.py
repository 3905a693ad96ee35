"""The NumPy adapter: each op's own NumPy meaning, gradients from the vjp rules. Slow and right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.backends.compile import Program
from multiback.backends.protocol import Adapter, Fast, Options
from multiback.graph.ir import Equation, Graph, Spec
from multiback.graph.op import OPS
from multiback.graph.source import Dialect, Lowering
from multiback.graph.trace import trace
from multiback_numpy.probe import NumpyProbe


class _Meanings(Mapping[str, Lowering]):
    """Op name to NumPy meaning."""

    def __getitem__(self, name: str) -> Lowering:
        if OPS[name].numpy is None:
            raise KeyError(name)
        return OPS[name].numpy  # type: ignore[return-value]

    def __iter__(self) -> Iterator[str]:
        return (name for name, op in OPS.items() if op.numpy is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class NumpyAdapter(Adapter):
    """Runs graphs on NumPy arrays."""

    lower = _Meanings()
    fast: Mapping[str, Fast] = {}
    autodiff = False
    probe = NumpyProbe()
    dialect = Dialect(
        "{x}.shape[{axis}]", lambda dtype: f"dtypes[{str(dtype)!r}]", lambda array: array, {"dtypes": dtypes.ALL}
    )

    def keeps(self, equation: Equation, options: Options) -> bool:
        return options.fast and equation.op.numpy is not None

    def lowering(self, equation: Equation) -> Lowering:
        return self.lower[equation.op.name]

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

    def write(self, cell: Any, array: Any) -> Any:
        return np.array(array)

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

"""The PyTensor adapter: a graph becomes a symbolic one by calling its source once, and a function by PyTensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable

import multiback.ops
from multiback import dtypes
from multiback.backends import Adapter, Options
from multiback.backends.compile import Program
from multiback.graph.ir import Graph, Spec, Value
from multiback.graph.source import Dialect
from multiback.graph.trace import trace
from multiback_pytensor.compilation import COMPILED, INTERPRETED
from multiback_pytensor.fast import FAST
from multiback_pytensor.lowering import LOWER

_FLOATS = ("float16", "float32", "float64")


class PyTensorAdapter(Adapter):
    """Runs graphs on NumPy arrays, PyTensor's own, and builds them into the user's graph of PyTensor variables."""

    lower = LOWER
    fast = FAST
    partial = True
    dtypes_missing = frozenset(["bfloat16", "complex64", "complex128"])
    dialect = Dialect(
        "{x}.shape[{axis}]", lambda dtype: repr(str(dtype)), pt.constant, {"pt": pt}, maximum="pt.maximum({x}, {y})"
    )

    def wrap(self, function: Callable[..., Any], graph: Graph, options: Options) -> Callable[..., Any]:
        count, updates = len(graph.updates), graph.updates
        symbols = [_symbol(value) for value in graph.inputs]
        mode = COMPILED if options.jit else INTERPRETED
        # The dtype of what PyTensor's gradients make out of nothing, such as zeros.
        with pytensor.config.change_flags(floatX=_widest(graph)):
            outputs = [pt.as_tensor(x) for x in function(*symbols)]
            compiled = pytensor.function(symbols, outputs, mode=mode, on_unused_input="ignore", trust_input=True)

        def run(state: Sequence[Any], arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
            inputs = [*state, *arguments]
            if any(map(_is_symbolic, inputs)):
                results: Sequence[Any] = function(*map(pt.as_tensor, inputs))
                return results[:count], results[count:]
            with np.errstate(all="ignore"):
                results = list(map(np.asarray, compiled(*map(_numbers, inputs))))
            if options.differentiable:
                return list(map(_shared, results[:count])), results[count:]
            return [_stored(state[i], value) for i, value in zip(updates, results)], results[count:]

        return run

    def is_native(self, x: Any) -> bool:
        return isinstance(x, np.ndarray | np.generic | pt.TensorVariable)

    def is_concrete(self, x: Any) -> bool:
        return not _is_symbolic(x)

    def shape(self, x: Any) -> tuple[int | None, ...]:
        return x.type.shape if _is_symbolic(x) else _numbers(x).shape

    def dtype(self, x: Any) -> dtypes.DType:
        return dtypes.as_dtype(x.dtype)

    def from_numpy(self, array: np.ndarray, copy: bool = True) -> Any:
        return np.array(array, copy=True if copy else None)

    def to_numpy(self, x: Any) -> np.ndarray:
        return np.asarray(x.eval(mode=INTERPRETED) if _is_symbolic(x) else _numbers(x))

    def cell(self, array: Any, *, trainable: bool, name: str) -> Any:
        # What PyTensor cannot compute with can still be kept, and moved to a backend that can.
        return array if self.dtype(array) in self.dtypes_missing else _shared(array, name)

    def read(self, cell: Any) -> Any:
        return cell

    def write(self, cell: Any, array: Any) -> Any:
        return _stored(cell, np.array(_numbers(array)))

    def version(self) -> str:
        return pytensor.__version__

    def devices(self) -> list[str]:
        return ["cpu"]

    def value_and_grad(self, function: Callable[..., Any], arrays: Sequence[Any]) -> tuple[Any, list[Any]]:
        both = multiback.ops.value_and_grad(function, argnums=tuple(range(len(arrays))), has_aux=True)
        traced = trace(both, *(Spec(_numbers(x).shape, self.dtype(x)) for x in arrays), name="value_and_grad")
        value, gradients = Program(traced, self.compile(traced.graph, Options(differentiable=True)))(list(arrays))
        return value, list(gradients)


def _symbol(value: Value) -> Any:
    """A variable for an input; sizes that are not numbers stay unknown, so that one function serves them all."""
    shape = tuple(n if isinstance(n, int) else None for n in value.shape)
    return pt.tensor(value.name, dtype=str(value.dtype), shape=shape)


def _widest(graph: Graph) -> str:
    values = [*graph.inputs, *graph.constants, *(v for e in graph.walk() for v in e.flat_outputs)]
    return max((str(v.dtype) for v in values if v.dtype.is_float), key=_FLOATS.index, default="float32")


def _is_symbolic(x: Any) -> bool:
    return isinstance(x, Variable) and not isinstance(x, SharedVariable)


def _numbers(x: Any) -> Any:
    return x.get_value(borrow=True) if isinstance(x, SharedVariable) else x


def _stored(cell: Any, value: np.ndarray) -> Any:
    """The cell with another value; the value alone where the caller gave arrays as state."""
    if not isinstance(cell, SharedVariable):
        return value
    cell.set_value(value, borrow=True)
    return cell


def _shared(array: Any, name: str | None = None) -> Any:
    return pytensor.shared(_numbers(array), name=name, shape=array.shape, borrow=True)


assert multiback.ops  # the vocabulary that the table is checked against
ADAPTER = PyTensorAdapter

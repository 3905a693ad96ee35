"""One op on real arrays: a graph of one equation, compiled once per signature."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import config, dtypes, tree
from multiback.backends import compile as compiling
from multiback.backends import registry, select
from multiback.backends.protocol import Adapter, Executable, Options
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec, Value, flat, map_tuple
from multiback.graph.op import Op
from multiback.graph.trace import as_host_array, freeze, trace

_OPTIONS = Options(differentiable=True)
_CACHE: dict[Any, tuple[Executable, Any, dict[int, np.ndarray]]] = {}


def apply(op: Op, call: dict[str, Any]) -> Any:
    """Computes one op on native arrays, NumPy arrays and Python numbers; the result is native."""
    adapter = _adapter(op, call)
    call = _settled(op, call, adapter)
    arrays: list[Any] = []
    key: list[Any] = []
    shadow = dict(call)

    def native(x: Any) -> Any:
        if x is None or isinstance(x, bool | int | float | complex):
            key.append(x if x is None else (type(x), repr(x)))
            return x
        if hasattr(x, "__multiback_variable__"):
            x = x.native(adapter)
        elif not adapter.is_native(x):
            x = adapter.from_numpy(as_host_array(x))
        spec = Spec(_shape(adapter, x, len(arrays)), adapter.dtype(x))
        arrays.append(x)
        key.append(spec)
        return spec

    for name in op.operands:
        x = call[name]
        if name in op.variadic and isinstance(x, list | tuple):
            shadow[name] = tuple(native(item) for item in x)
        else:
            shadow[name] = native(x)
    if not arrays and op.operands:
        first = next(n for n in op.operands if shadow[n] is not None)
        return apply(op, {**call, first: as_host_array(_as_array(call[first]))})
    for name in op.attributes:
        shadow[name] = freeze(call[name])
    full = (adapter.name, op.name, config.floatx(), tuple(key), tuple(shadow[n] for n in op.attributes))
    if full not in _CACHE:
        _CACHE[full] = _compile(op, shadow, adapter)
    executable, structure, constants = _CACHE[full]
    results = executable.run((), arrays)[1]
    if constants:
        # Whoever gets a constant may write into it: it must not be the one kept in the executable.
        results = [adapter.from_numpy(constants[i]) if i in constants else x for i, x in enumerate(results)]
    return tree.unflatten(structure, results)


def _as_array(x: Any) -> Any:
    return np.asarray(x, dtypes.of_scalar(x).numpy) if isinstance(x, bool | int | float | complex) else x


def _settled(op: Op, call: dict[str, Any], adapter: Adapter) -> dict[str, Any]:
    """NumPy's float64 scalars, which are Python floats too, as arrays unless another float array decides the dtype."""
    scalars = {n: np.asarray(call[n]) for n in op.operands if isinstance(call[n], np.float64)}
    if not scalars:
        return call
    for x in flat(tuple(call[n] for n in op.operands if n not in scalars)):
        dtype = adapter.dtype(x) if adapter.is_native(x) else getattr(x, "dtype", None)
        if dtype is not None and dtypes.as_dtype(dtype).is_inexact:
            return call
    return {**call, **scalars}


def _shape(adapter: Adapter, x: Any, i: int) -> tuple[Any, ...]:
    return tuple(Dim.named(f"size_{i}_{j}") if n is None else n for j, n in enumerate(adapter.shape(x)))


def _adapter(op: Op, call: dict[str, Any]) -> Adapter:
    fallback = None
    found = {}
    for name in op.operands:
        for x in flat(tuple(call[name]) if isinstance(call[name], list) else call[name]):
            if x is None or isinstance(x, bool | int | float | complex | np.ndarray | np.generic):
                continue
            if hasattr(x, "__multiback_variable__"):
                fallback = fallback or x.adapter
            elif (adapter := registry.owner(x)) is not None:
                found[adapter.name] = adapter
    if len(found) > 1:
        compiling.natives([x for n in op.operands for x in flat(call[n])], None)
    return next(iter(found.values()), None) or fallback or select.selected()


def _compile(op: Op, call: dict[str, Any], adapter: Adapter) -> tuple[Executable, Any, dict[int, np.ndarray]]:
    operands = tuple(call[n] for n in op.operands)
    specs = [x for x in flat(operands) if isinstance(x, Spec)]

    def function(*values: Value) -> Any:
        rest = iter(values)
        inner = dict(call)
        for name, operand in zip(op.operands, operands):
            inner[name] = map_tuple(lambda x: next(rest) if isinstance(x, Spec) else x, operand)
        return op(**inner)

    traced = trace(function, *specs, name=op.name)
    executable = adapter.compile(traced.graph, _OPTIONS)
    known = executable.graph.constants
    constants = {i: known[x] for i, x in enumerate(executable.graph.outputs) if isinstance(x, Value) and x in known}
    return executable, traced.structure, constants

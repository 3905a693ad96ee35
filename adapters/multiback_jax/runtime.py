"""The JAX adapter: one jax.jit of the whole generated function, state donated, 64-bit mode only where needed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import multiback.ops
from multiback import dtypes
from multiback.backends.protocol import Adapter, Options, RunMany
from multiback.graph.ir import Equation, Graph
from multiback.graph.source import Dialect
from multiback_jax.fast import FAST
from multiback_jax.lowering import LOWER
from multiback_jax.probe import JaxProbe

_WIDE = frozenset([dtypes.int64, dtypes.uint64, dtypes.float64, dtypes.complex128])
"""What JAX computes in its 64-bit mode only."""

_REVERSE_ONLY = frozenset(["gru", "lstm", "simple_rnn"])
"""Native composites that have a rule for the gradient and none for forward mode."""


class JaxAdapter(Adapter):
    """Runs graphs on jax arrays."""

    lower = LOWER
    fast = FAST
    probe = JaxProbe()

    def __init__(self, plugin: Any) -> None:
        super().__init__(plugin)
        names = {"jax": jax, "jnp": jnp, "lax": lax}
        self.dialect = Dialect("{x}.shape[{axis}]", _dtype_name, _constant, names)

    def keeps(self, equation: Equation, options: Options) -> bool:
        # A person's own jax.jvp goes through what JAX differentiates, not through a rule for jax.grad alone.
        forward_mode = options.differentiable and equation.op.name in _REVERSE_ONLY
        return not forward_mode and super().keeps(equation, options)

    def wrap(self, function: Callable[..., Any], graph: Graph, options: Options) -> Callable[..., Any]:
        count = len(graph.updates)
        donated = () if options.differentiable else tuple(sorted(set(graph.updates)))
        compiled = function if options.jit is False else jax.jit(function, donate_argnums=donated)
        wide = _is_wide(graph)

        def run(state: Sequence[Any], arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
            if wide:
                with jax.enable_x64(True):
                    outputs = compiled(*state, *arguments)
            else:
                outputs = compiled(*state, *arguments)
            return outputs[:count], outputs[count:]

        return run

    def wrap_many(self, function: Callable[..., Any], graph: Graph, options: Options) -> RunMany:
        if options.jit is False or _loops_badly(graph):
            return super().wrap_many(function, graph, options)
        updates, count = graph.updates, len(graph.updates)
        places = sorted(set(updates))
        donated, wide = frozenset(places), _is_wide(graph)

        def many(changing: Sequence[Any], state: Sequence[Any], fixed: Sequence[Any], varying: Sequence[Any]) -> Any:
            def step(carry: Sequence[Any], rows: Sequence[Any]) -> Any:
                cells = list(state)
                for index, cell in zip(places, carry):
                    cells[index] = cell
                outputs = function(*cells, *fixed, *rows)
                for index, cell in zip(updates, outputs):
                    cells[index] = cell
                return [cells[i] for i in places], outputs[count:]

            last, results = lax.scan(step, changing, varying)
            return last, [x[-1] for x in results]

        compiled = jax.jit(many, donate_argnums=() if options.differentiable else (0,))
        order = [places.index(i) for i in updates]

        def run_many(
            state: Sequence[Any], fixed: Sequence[Any], varying: Sequence[Any]
        ) -> tuple[Sequence[Any], Sequence[Any]]:
            changing = [state[i] for i in places]
            constant = [None if i in donated else x for i, x in enumerate(state)]
            with jax.enable_x64(True) if wide else contextlib.nullcontext():
                last, results = compiled(changing, constant, list(fixed), list(varying))
            return [last[i] for i in order], results

        return run_many

    def is_native(self, x: Any) -> bool:
        return isinstance(x, jax.Array)

    def is_concrete(self, x: Any) -> bool:
        return not isinstance(x, jax.core.Tracer)

    def shape(self, x: Any) -> tuple[int | None, ...]:
        return tuple(x.shape)

    def dtype(self, x: Any) -> dtypes.DType:
        return dtypes.as_dtype(x.dtype)

    def from_numpy(self, array: np.ndarray, copy: bool = True) -> Any:
        # jnp.asarray, and a copy made by it, would be compiled for every shape.
        with _width(array.dtype):
            return jax.device_put(np.array(array) if copy else array)

    def feed(self, array: np.ndarray) -> Any:
        return array

    def to_numpy(self, x: Any) -> np.ndarray:
        return np.asarray(x)

    def cell(self, array: Any, *, trainable: bool, name: str) -> Any:
        return array

    def read(self, cell: Any) -> Any:
        return cell

    def write(self, cell: Any, array: Any) -> Any:
        # A copy: the next step consumes the cell.
        with _width(array.dtype):
            return jax.device_put(array, may_alias=False)

    def version(self) -> str:
        return jax.__version__

    def device(self, x: Any) -> str:
        return " ".join(sorted(f"{d.platform}:{d.id}" for d in x.devices()))

    def devices(self) -> list[str]:
        return [f"{d.platform}:{d.id} ({d.device_kind})" for d in jax.devices()]

    def on_device(self, device: str) -> contextlib.AbstractContextManager[Any]:
        super().on_device(device)
        platform, _, index = device.partition(":")
        return jax.default_device(jax.devices(platform)[int(index)])

    def environment(self) -> dict[str, Any]:
        return {
            "matmul precision": str(jax.config.values["jax_default_matmul_precision"]),
            "64 bit": "scoped",
            **{k: v for k, v in os.environ.items() if k.startswith(("JAX_", "XLA_"))},
            "device": str(jax.config.values["jax_default_device"] or jax.devices()[0]),
        }

    def synchronize(self, arrays: Sequence[Any]) -> None:
        jax.block_until_ready(list(arrays))

    def value_and_grad(self, function: Callable[..., Any], arrays: Sequence[Any]) -> tuple[Any, list[Any]]:
        indices = tuple(range(len(arrays)))
        with _width(*(x.dtype for x in arrays)):
            result, gradients = jax.value_and_grad(function, argnums=indices, has_aux=True)(*arrays)
        return result, list(gradients)


def _constant(array: np.ndarray) -> Any:
    """Constants stay NumPy arrays until jax.jit takes them in, so that 64-bit ones keep their width."""
    return array


def _dtype_name(dtype: dtypes.DType) -> str:
    return "jnp.bool_" if dtype == "bool" else f"jnp.{dtype}"


def _width(*types: Any) -> Any:
    wide = any(dtypes.as_dtype(t) in _WIDE for t in types)
    return jax.enable_x64(True) if wide else contextlib.nullcontext()


def _is_wide(graph: Graph) -> bool:
    values = [*graph.inputs, *graph.constants, *(x for e in graph.walk() for x in [*e.flat_inputs, *e.flat_outputs])]
    return any(v.dtype in _WIDE for v in values)


def _loops_badly(graph: Graph) -> bool:
    """Whether one loop over steps is slower than calls: XLA's CPU loops run convolutions some fourteen times slower."""
    return jax.default_backend() == "cpu" and any(equation.op.name == "conv" for equation in graph.walk())


assert multiback.ops  # the vocabulary that the table is checked against
ADAPTER = JaxAdapter

"""Models as JAX functions, Flax modules and source files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from multiback.errors import ArgumentError
from multiback.graph.ir import Graph
from multiback.porting.imported import NativeModel
from multiback.porting.source import write as write_text
from multiback.porting.source.running import Printed, run_source
from multiback.porting.source.unsupported import unsupported_ops
from multiback_jax.exporter.running import Runner, named, parameters
from multiback_jax.exporter.target import TARGET

__all__ = ["TARGET", "dump", "native", "unsupported"]


def dump(model: Any, *, style: str = "function", training: bool = True) -> Any:
    """The model as `(apply, params)`: the source that `to_source("jax")` writes, run, with the model's weights.

    `apply(params, *inputs)` is pure, and can be jitted, differentiated and vectorised. With `training=True` it returns
    `(outputs, state)`: `state` replaces `params["state"]`, which holds the weights that are not trained, such as moving
    averages; a model without such weights has none. No gradient flows to the state. `key` is that of random draws.

    Arguments:
        model: Built.
        style: "function", or "nnx" for a `flax.nnx.Module`.
        training: Whether the form for training is written too.

    Raises:
        UnsupportedModel: if the model has ops that cannot be written.
        ArgumentError: for another style.

    Example:
        >>> apply, params = model.to_jax()
        >>> outputs, state = jax.jit(apply, static_argnames="training")(params, x, training=True, key=key)
        >>> params = {**params, "state": state}
    """
    if style == "nnx":
        from multiback_jax.exporter.nnx import module

        return module(model, training)
    if style != "function":
        raise ArgumentError(f"style must be 'function' or 'nnx', got {style!r}.")
    source = write_text(model, TARGET, training=training)
    apply: Callable[..., Any] = run_source(source).apply
    apply.source = source.text  # type: ignore[attr-defined]
    with _precision(source.arrays):
        return apply, parameters(source.arrays)


def native(result: Any, model: Any) -> NativeModel:
    """The result as a verification runs it."""
    if not isinstance(result, tuple):
        from multiback_jax.exporter.nnx import native as native_module

        return native_module(result, model)

    def weights() -> Mapping[str, np.ndarray]:
        return {name: np.asarray(array) for name, array in named(result[1]).items()}

    return Printed(model, TARGET, weights, Runner)


def unsupported(graph: Graph) -> list[str]:
    """The ops of a graph that cannot be written, once for each place where they stand."""
    return unsupported_ops(graph, TARGET)


def _precision(arrays: Mapping[str, np.ndarray]) -> contextlib.AbstractContextManager[Any]:
    wide = any(a.dtype.itemsize == 8 for a in arrays.values())
    return jax.enable_x64(True) if wide else contextlib.nullcontext()

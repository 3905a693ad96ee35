"""Functions written in ops that run on arrays as one compiled graph instead of op by op."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from multiback import config, tree
from multiback.backends.compile import natives
from multiback.backends.protocol import Adapter, Executable, Options
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec, Value
from multiback.graph.trace import current_builder, trace
from multiback.layers._masks import get_mask, set_mask
from multiback.losses._arrays import as_arrays

P = ParamSpec("P")
R = TypeVar("R")
_OPTIONS = Options(differentiable=True)


def one_graph(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator for pure functions of arrays and static values: one graph per signature, on the arrays' framework.

    While tracing, and for abstract values, the function runs as it is written.
    """
    cache: dict[Any, tuple[Executable, Any]] = {}

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        leaves, structure = tree.flatten((args, kwargs))
        if current_builder() is not None or any(isinstance(x, Value) for x in leaves):
            return function(*args, **kwargs)
        leaves = [x.value if hasattr(x, "__multiback_variable__") else x for x in leaves]
        adapter, arrays, positions = natives(leaves, None)
        for position, spec in zip(positions, _specs(arrays, adapter)):
            leaves[position] = spec
        static = tuple((type(x), x) for x in leaves)
        key = (adapter.name, structure, static, config.epsilon(), config.floatx())
        if key not in cache:
            cache[key] = _compiled(function, leaves, structure, positions, adapter)
        executable, shape = cache[key]
        return tree.unflatten(shape, executable.run((), arrays)[1])

    return wrapper


def _specs(arrays: list[Any], adapter: Adapter) -> list[Spec]:
    """Sizes that a framework does not tell are taken to be equal where they belong to the same axis."""
    specs = []
    for x in arrays:
        sizes = (Dim.named(f"size_{axis}") if n is None else n for axis, n in enumerate(adapter.shape(x)))
        specs.append(Spec(tuple(sizes), adapter.dtype(x)))
    return specs


def _compiled(
    function: Callable[..., Any], leaves: list[Any], structure: Any, positions: list[int], adapter: Adapter
) -> tuple[Executable, Any]:
    def on_arrays(*values: Any) -> Any:
        filled = list(leaves)
        for position, value in zip(positions, values):
            filled[position] = value
        args, kwargs = tree.unflatten(structure, filled)
        return function(*args, **kwargs)

    traced = trace(on_arrays, *(leaves[i] for i in positions), name=function.__name__)
    return adapter.compile(traced.graph, _OPTIONS), traced.structure


def of_targets(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator for functions of targets and predictions, which may be given as lists or arrays of any framework.

    On arrays they run as one graph, and the mask that the result may carry comes along.
    """

    @one_graph
    @functools.wraps(function)
    def with_mask(*args: Any, **kwargs: Any) -> Any:
        values = function(*args, **kwargs)  # type: ignore[arg-type]
        return values, get_mask(values)

    @functools.wraps(function)
    def wrapper(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
        y_true, y_pred = as_arrays(y_true, y_pred)
        values, mask = with_mask(y_true, y_pred, *args, **kwargs)
        if mask is not None:
            set_mask(values, mask)
        return values

    return wrapper  # type: ignore[return-value]

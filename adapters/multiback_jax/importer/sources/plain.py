"""Plain functions: `fn(params, *inputs)` with any tree of parameters, Equinox modules among them."""

from __future__ import annotations

from typing import Any

from multiback.errors import PortError
from multiback_jax.importer.program import Program
from multiback_jax.importer.sources import equinox
from multiback_jax.importer.sources.arguments import Options, key_argument, training_switch
from multiback_jax.importer.sources.trees import Arrays


def recognises(source: Any) -> bool:
    """Whether it is of this kind: anything that is left."""
    return True


def program(source: Any, params: Any, args: tuple[Any, ...], kwargs: dict[str, Any], options: Options) -> Program:
    """The model as a pure function.

    Raises:
        PortError: if it cannot be called.
    """
    if not callable(source):
        raise PortError(
            f"from_jax() takes a function, a Flax, Equinox or Haiku model, got {type(source).__name__}. "
            "Pass fn(params, *inputs)."
        )
    if equinox.holds_module(params):
        return equinox.program_of_function(source, params, args, kwargs, options)
    arrays = Arrays(params)
    switch = training_switch(source, kwargs, options)
    key_name = key_argument(source, kwargs, options)

    def run(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        extra: dict[str, Any] = switch(training)
        if key_name is not None:
            extra[key_name] = key
        first = () if params is None else (arrays.filled(weights),)
        return source(*first, *args, **{**kwargs, **extra}), {}

    forms = (False, True) if switch(True) or key_name else (False,)
    name = options.name or str(getattr(source, "__name__", type(source).__name__))
    return Program(name, "jax", arrays.weights, run, forms)

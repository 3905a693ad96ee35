"""Haiku: what `hk.transform` and `hk.transform_with_state` return."""

from __future__ import annotations

from typing import Any

from multiback.errors import PortError
from multiback_jax.importer.program import Program
from multiback_jax.importer.sources.arguments import Options, training_switch
from multiback_jax.importer.sources.trees import Arrays


def recognises(source: Any) -> bool:
    """Whether it is of this kind."""
    return type(source).__module__.startswith("haiku.") and hasattr(source, "apply") and hasattr(source, "init")


def program(source: Any, params: Any, args: tuple[Any, ...], kwargs: dict[str, Any], options: Options) -> Program:
    """The model as a pure function.

    Raises:
        PortError: if the parameters do not fit the kind of transformation.
    """
    stateful = "WithState" in type(source).__name__
    if stateful and not (isinstance(params, tuple) and len(params) == 2):
        raise PortError("A function of hk.transform_with_state needs params=(params, state), as its init returns them.")
    given, state = params if stateful else (params, {})
    arrays, states = Arrays(given), Arrays(state, "state", trainable=False)
    switch = training_switch(source.apply, kwargs, options) if _asked(kwargs, options) else lambda training: {}

    def run(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        call = {**kwargs, **switch(training)}
        if not stateful:
            return source.apply(arrays.filled(weights), key, *args, **call), {}
        outputs, new = source.apply(arrays.filled(weights), states.filled(weights), key, *args, **call)
        return outputs, states.taken(new) if training else {}

    forms = (False, True) if stateful or switch(True) else (False,)
    name = options.name or "haiku_model"
    return Program(name, "haiku", [*arrays.weights, *states.weights], run, forms)


def _asked(kwargs: dict[str, Any], options: Options) -> bool:
    """Whether there is an argument to switch: a transformed function does not show its own."""
    return isinstance(options.training_argument, str) or bool(kwargs)

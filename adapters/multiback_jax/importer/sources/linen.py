"""Flax linen modules: `module.apply(variables, *inputs)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.errors import PortError
from multiback_jax.importer.program import Program
from multiback_jax.importer.sources.arguments import Options, training_switch
from multiback_jax.importer.sources.trees import Arrays


def recognises(source: Any) -> bool:
    """Whether it is of this kind."""
    return any(c.__module__.startswith("flax.linen.") for c in type(source).__mro__)


def program(source: Any, params: Any, args: tuple[Any, ...], kwargs: dict[str, Any], options: Options) -> Program:
    """The model as a pure function; collections other than `params` are its statistics.

    Raises:
        PortError: without variables.
    """
    if not isinstance(params, Mapping):
        raise PortError(
            f"A Flax module needs its variables, as module.init returns them; got {type(params).__name__}. "
            "Pass from_jax(module, variables, inputs)."
        )
    variables = dict(params) if "params" in params else {"params": params}
    parts = {k: Arrays(v, k, trainable=k == "params") for k, v in variables.items()}
    mutable = [k for k in variables if k != "params"]
    method = options.method
    function = type(source).__call__ if method is None else getattr(type(source), method, method)
    switch = training_switch(function, kwargs, options)

    classes: dict[str, str] = {}

    def noting(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        if context.method_name == "__call__" and context.module.path:
            classes["/".join(context.module.path)] = type(context.module).__name__
        return call(*args, **kwargs)

    def run(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        from flax import linen

        with linen.intercept_methods(noting):
            return applied(weights, key, training, args, kwargs)

    def applied(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        filled = {k: part.filled(weights) for k, part in parts.items()}
        # Streams that are not named fall back to this one.
        rngs = {} if key is None else {"params": key}
        call = {**kwargs, **switch(training)}
        if not training or not mutable:
            return source.apply(filled, *args, method=method, rngs=rngs, **call), {}
        outputs, new = source.apply(filled, *args, method=method, rngs=rngs, mutable=mutable, **call)
        changed: dict[str, Any] = {}
        for name, part in parts.items():
            if name in new:
                changed |= part.taken(new[name])
        return outputs, changed

    weights = [w for part in parts.values() for w in part.weights]
    forms = (False, True) if switch(True) or mutable else (False,)
    root = source.name or type(source).__name__
    return Program(options.name or root, "flax linen", weights, run, forms, root=root, classes=classes)

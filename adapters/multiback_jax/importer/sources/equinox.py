"""Equinox modules: trees that hold arrays beside everything else; statistics live in an `eqx.nn.State`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax

from multiback.errors import PortError
from multiback_jax.importer.program import Program
from multiback_jax.importer.sources.arguments import Options, key_argument, training_switch
from multiback_jax.importer.sources.trees import Arrays


def recognises(source: Any) -> bool:
    """Whether it is of this kind: a module, or a module with its state."""
    return is_module(source) or (isinstance(source, tuple) and len(source) == 2 and is_module(source[0]))


def is_module(x: Any) -> bool:
    """Whether it is an Equinox module."""
    return any(c.__module__.startswith("equinox.") and c.__name__ == "Module" for c in type(x).__mro__)


def holds_module(tree: Any) -> bool:
    """Whether there is an Equinox module in a tree."""
    if "equinox" not in sys.modules:
        return False
    return any(map(is_module, jax.tree_util.tree_leaves(tree, is_leaf=is_module)))


def _is_state(x: Any) -> bool:
    return type(x).__module__.startswith("equinox.") and type(x).__name__ == "State"


def program(source: Any, params: Any, args: tuple[Any, ...], kwargs: dict[str, Any], options: Options) -> Program:
    """A module as a pure function of its arrays.

    Raises:
        PortError: if parameters are given beside it.
    """
    if params is not None and not _is_state(params):
        raise PortError("An Equinox module holds its parameters itself: pass from_jax(module, None, inputs).")
    held = source if isinstance(source, tuple) else (source, params) if params is not None else source
    module = held[0] if isinstance(held, tuple) else held

    def call(module: Any, *inputs: Any, **keywords: Any) -> Any:
        return module(*inputs, **keywords)

    def call_with_state(module: Any, state: Any, *inputs: Any, **keywords: Any) -> Any:
        return module(*inputs, state, **keywords)

    def batched(module: Any, *inputs: Any, **keywords: Any) -> Any:
        return jax.vmap(lambda *one: module(*one, **keywords))(*inputs)

    def batched_with_state(module: Any, state: Any, *inputs: Any, **keywords: Any) -> Any:
        def one(*example: Any) -> Any:
            *values, state = example
            return module(*values, state, **keywords)

        axes = (*[0] * len(inputs), None)
        return jax.vmap(one, in_axes=axes, out_axes=(0, None), axis_name="batch")(*inputs, state)

    stateful = isinstance(held, tuple)
    function = {
        (False, False): call,
        (True, False): call_with_state,
        (False, True): batched,
        (True, True): batched_with_state,
    }[stateful, options.vmap]
    named = options if options.name else Options(**{**vars(options), "name": type(module).__name__})
    return program_of_function(function, held, args, kwargs, named, of=module)


def program_of_function(
    function: Callable[..., Any],
    params: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    options: Options,
    of: Any = None,
) -> Program:
    """`function(module, *inputs)`, or `function(module, state, *inputs) -> (outputs, state)` for (module, state)."""
    import equinox

    stateful = isinstance(params, tuple) and len(params) == 2 and _is_state(params[1])
    module = params[0] if stateful else params
    forms = {training: Arrays(equinox.nn.inference_mode(module, value=not training)) for training in (False, True)}
    states = Arrays(params[1] if stateful else (), "state", trainable=False)
    signature = type(of).__call__ if of is not None else function
    switch = training_switch(signature, kwargs, options)
    key_name = key_argument(signature, kwargs, options)

    def run(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        extra: dict[str, Any] = switch(training)
        if key_name is not None:
            extra[key_name] = key
        filled = forms[training].filled(weights)
        if not stateful:
            return function(filled, *args, **{**kwargs, **extra}), {}
        outputs, new = function(filled, states.filled(weights), *args, **{**kwargs, **extra})
        return outputs, states.taken(new) if training else {}

    name = options.name or str(getattr(function, "__name__", "model"))
    return Program(name, "equinox", [*forms[False].weights, *states.weights], run, (False, True))

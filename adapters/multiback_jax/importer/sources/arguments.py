"""How a model is told whether it trains, and where it takes its random key."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from multiback.errors import ArgumentError, closest

_TRAINING = ("train", "training", "is_training", "is_train")
_INFERENCE = ("deterministic", "use_running_average", "inference", "eval_mode")
KEYS = ("key", "rng", "rng_key", "prng_key", "dropout_rng", "dropout_key")


@dataclass(frozen=True)
class Options:
    """What a person may say about a model.

    Attributes:
        name: Of the model.
        training_argument: The argument that says whether the model trains; with "not " in front of it, whether it does
            not. None looks for a usual name; False for none.
        key_argument: The argument that takes a random key; None looks for a usual name.
        method: Of a Flax module, instead of `__call__`.
        vmap: Whether an Equinox module is called on one example of the batch at a time.
    """

    name: str | None = None
    training_argument: str | bool | None = None
    key_argument: str | None = None
    method: Any = None
    vmap: bool = False


def signature_of(function: Any) -> dict[str, inspect.Parameter]:
    """The parameters of a function, none where they cannot be told."""
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return {}


def training_switch(function: Any, given: Iterable[str], options: Options) -> Callable[[bool], dict[str, bool]]:
    """The keyword arguments that put a function into training or inference.

    Raises:
        ArgumentError: if it has not the argument that was named.
    """
    names = signature_of(function)
    open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in names.values())
    wanted = options.training_argument
    if wanted is False:
        return lambda training: {}
    if isinstance(wanted, str):
        inverted = wanted.startswith("not ") or wanted in _INFERENCE
        name = wanted.removeprefix("not ")
        if name not in names and not open_ended:
            raise ArgumentError(
                f"The model has no argument {name!r} to say whether it trains.{closest(name, names)} "
                f"It takes: {', '.join(names)}."
            )
        return lambda training: {name: training != inverted}
    found = {n: n in _INFERENCE for n in (*_TRAINING, *_INFERENCE) if n in names or n in given}
    return lambda training: {n: training != inverted for n, inverted in found.items()}


def key_argument(function: Any, given: Iterable[str], options: Options) -> str | None:
    """The argument that takes a random key and that the example leaves out."""
    if options.key_argument is not None:
        return options.key_argument
    names = signature_of(function)
    return next((n for n in KEYS if n in names and n not in given), None)

"""A model of JAX as a pure function of its arrays: what all kinds of sources are brought to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from multiback.porting.imported import Weight

Run = Callable[[Mapping[str, Any], Any, bool, tuple[Any, ...], dict[str, Any]], tuple[Any, dict[str, Any]]]
"""`run(weights, key, training, args, kwargs) -> (outputs, new values of weights that the call changes)`."""


@dataclass
class Program:
    """A model as a pure function.

    Attributes:
        name: Of the model.
        framework: What it is written with, for reports.
        weights: Its arrays by name.
        run: What it computes, in JAX; the key is a typed key of `jax.random`, or None.
        forms: The values of `training` that make a difference.
        notes: What a person should know.
        root: The name that the paths of modules begin with, which is left out.
        classes: Names of classes by the path of a module, filled while JAX traces.
    """

    name: str
    framework: str
    weights: list[Weight]
    run: Run
    forms: tuple[bool, ...] = (False,)
    notes: list[str] = field(default_factory=list)
    root: str = ""
    classes: dict[str, str] = field(default_factory=dict)

"""What an importer hands to the hub: weights, inputs, and the program as a function written in `multiback.ops`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np

KeySource: TypeAlias = Callable[[], Any]
"""Gives a fresh random key, int32[2], for each draw of a call."""

Program: TypeAlias = Callable[[Mapping[str, Any], KeySource, bool, tuple[Any, ...], dict[str, Any]], Any]
"""`program(weights, key, training, args, kwargs) -> tree of values`."""


@dataclass
class Weight:
    """An array of the original model.

    Attributes:
        name: The original's own name, such as `layer1.0.conv1.weight` or `params/Dense_0/kernel`.
        array: In the original's own layout; it may share memory with the original, and is never changed.
        trainable: Whether training updates it.
        aliases: Other names of the same storage: tied weights.
    """

    name: str
    array: np.ndarray
    trainable: bool = True
    aliases: tuple[str, ...] = ()


class NativeModel(Protocol):
    """The original, as the verification of a port runs it. All arrays are NumPy arrays, all names the original's."""

    def forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool, float64: bool
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """The outputs, and the statistics (weights that are not trainable) that a call in training changed.

        Raises:
            CannotRun: if the original cannot run like this, with the reason: also in float64 when it would compute
                parts in a lower precision.
        """

    def gradients(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, float64: bool) -> dict[str, np.ndarray]:
        """The gradients of half the sum of the squares of all float outputs in the eval form, by trainable weight.

        Raises:
            CannotRun: if the original cannot run like this, with the reason.
        """


class CannotRun(Exception):
    """The original cannot be run in this form or precision; its text says why. The report of a port shows it."""


@dataclass
class Imported:
    """A foreign model as an importer understands it.

    Attributes:
        name: Of the model.
        framework: Where it comes from, for messages and reports.
        weights: All its arrays; tied ones once.
        args, kwargs: What it is called on: trees whose `Spec` leaves are arrays (the batch is `Dim.named("batch")`);
            other leaves are Python values that stay as they are.
        program: The computation. Weights are Variables: read as arrays, `assign` gives them a new value.
        forms: The values of `training` that make a difference to the program.
        native: The original, for verification.
        notes: What a person should know, such as a batch size that the original fixes.
        classes: Names of classes by scope, see `multiback.porting.scopes`; filled when the program is traced.
    """

    name: str
    framework: str
    weights: list[Weight]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    program: Program
    forms: tuple[bool, ...] = (False, True)
    native: NativeModel | None = None
    notes: list[str] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)

"""What the conformance kit asks of a framework beside running graphs: its own callables, and how a script speaks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Script:
    """How a short script of this framework is written; `{x}` is an expression, `{dtype}` a dtype of its dialect.

    Attributes:
        imports: Lines at the top.
        array: A native array of the NumPy array `{x}`.
        state: Storage that the function may change, holding the native array `{x}`.
        host: A float64 NumPy array of the native array `{x}`.
        function: The function `{f}` as the adapter runs it.
        wide: Lines after the imports that 64-bit arrays need.
    """

    imports: str
    array: str
    host: str
    state: str = "{x}"
    function: str = "{f}"
    wide: str = ""


@dataclass(frozen=True, eq=False)
class Intermediate:
    """A value that a native callable computes on the way.

    Attributes:
        name: The framework's name of it: module path and function, or primitive.
        array: Its numbers.
        line: `file:line` of the person's code that computed it; empty if unknown.
        parents: Indices of the intermediates it was computed from; negative ones, -1 - i, are inputs.
        kind: The framework's name of the operation, the same in every call of it.
    """

    name: str
    array: np.ndarray
    line: str = ""
    parents: tuple[int, ...] = ()
    kind: str = ""


class Probe:
    """Looks into a framework's own callables.

    Attributes:
        script: How a script of this framework is written.
    """

    script: Script

    def owns(self, function: Any) -> bool:
        """Whether this callable is the framework's."""
        return False

    def call(self, function: Callable[..., Any], arrays: Sequence[np.ndarray], dtype: str) -> list[np.ndarray]:
        """The outputs of a callable for NumPy arrays, computed in a float dtype (its weights too)."""
        raise NotImplementedError

    def gradients(self, function: Callable[..., Any], arrays: Sequence[np.ndarray], dtype: str) -> list[np.ndarray]:
        """The gradient of the sum of the outputs for each float input."""
        raise NotImplementedError

    def intermediates(
        self, function: Callable[..., Any], arrays: Sequence[np.ndarray], dtype: str
    ) -> list[Intermediate]:
        """What the callable computes on the way, in order."""
        raise NotImplementedError

"""What the conformance kit asks of a framework beside running graphs: its own callables, and how a script speaks it."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
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
        provides: Names of multiback that the imports define in the script's own way.
    """

    imports: str
    array: str
    host: str
    state: str = "{x}"
    function: str = "{f}"
    wide: str = ""
    provides: tuple[str, ...] = ()


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

    def call(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs of a callable, in the order of their tree; its weights take the arrays' width where they can."""
        raise NotImplementedError

    def gradients(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[np.ndarray] | None:
        """The gradient of half the sum of the squares of all outputs for each float input; None without autodiff."""
        return None

    def intermediates(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[Intermediate]:
        """What the callable computes on the way, in order; empty for one that cannot be looked into."""
        return []


def mentions(function: Any, packages: Collection[str], depth: int = 3) -> bool:
    """Whether a Python callable uses one of these packages: by its type, its globals or what it closes over."""
    packages = set(packages)
    seen: set[int] = set()

    def visit(x: Any, left: int) -> bool:
        if id(x) in seen or left < 0:
            return False
        seen.add(id(x))
        if isinstance(x, ModuleType):
            return x.__name__.partition(".")[0] in packages
        kinds = x.__mro__ if isinstance(x, type) else type(x).__mro__
        homes = [str(getattr(k, "__module__", "")) for k in kinds] + [str(getattr(x, "__module__", "") or "")]
        if any(home.partition(".")[0] in packages for home in homes):
            return True
        if isinstance(x, functools.partial):
            return any(visit(part, left) for part in (x.func, *x.args, *x.keywords.values()))
        code = getattr(inspect.unwrap(x), "__code__", None) if callable(x) else None
        if code is None:
            call = type(x).__dict__.get("__call__")
            return isinstance(call, FunctionType) and visit(call, left)
        plain = inspect.unwrap(x)
        found = [plain.__globals__[n] for n in _names(code) if n in plain.__globals__]
        found += [cell.cell_contents for cell in plain.__closure__ or () if _filled(cell)]
        return any(visit(y, left - 1) for y in found)

    return visit(function, depth)


def _names(code: CodeType) -> set[str]:
    """The global names that a function and those inside it use."""
    inner = (c for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def line_outside(packages: Collection[str], frames: Iterable[tuple[str, int]]) -> str:
    """`file:line` of the first of these frames, innermost first, outside the packages and multiback; or empty."""
    homes = [getattr(sys.modules.get(p), "__file__", None) for p in ("multiback", *packages)]
    folders = tuple(os.path.dirname(h) + os.sep for h in homes if h)
    for filename, number in frames:
        if not filename.startswith(("<", *folders)):
            return f"{filename}:{number}"
    return ""

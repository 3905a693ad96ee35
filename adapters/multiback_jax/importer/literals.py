"""Numbers of a program before they were rounded to float32.

A jaxpr in float32 holds 0.7978846 where the source says sqrt(2 / pi). The same program traced in float64 holds it to 16
digits. Where both have the same equation, the graph gets the longer number: float32 rounds it to the shorter one, and
float64 computes with what was meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import jax.extend.core
import numpy as np

Numbers = Mapping[tuple[int, int], float]
"""By the identity of an equation and the place of the operand."""


def meant_numbers(narrow: Any, wide: Any) -> dict[tuple[int, int], float]:
    """The numbers of a jaxpr in the precision of another trace of the same program."""
    found: dict[tuple[int, int], float] = {}
    _compare(narrow, wide, found)
    return found


def _compare(narrow: Any, wide: Any, found: dict[tuple[int, int], float]) -> None:
    sides = [
        [e for e in getattr(j, "jaxpr", j).eqns if e.primitive.name != "convert_element_type"] for j in (narrow, wide)
    ]
    names = [[e.primitive.name for e in side] for side in sides]
    if names[0] == names[1]:
        pairs = list(zip(*sides))
    else:
        blocks = difflib.SequenceMatcher(None, names[0], names[1], autojunk=False).get_matching_blocks()
        pairs = [(sides[0][b.a + i], sides[1][b.b + i]) for b in blocks for i in range(b.size)]
    for left, right in pairs:
        for i, (a, b) in enumerate(zip(left.invars, right.invars)):
            if isinstance(a, jax.extend.core.Literal) and isinstance(b, jax.extend.core.Literal):
                _note(found, (id(left), i), _array(a), _array(b))
        for inner_left, inner_right in zip(_programs(left), _programs(right)):
            _compare(inner_left, inner_right, found)


def _array(literal: Any) -> np.ndarray:
    return np.asarray(literal.val, literal.aval.dtype)


def _note(found: dict[tuple[int, int], float], place: tuple[int, int], narrow: np.ndarray, wide: np.ndarray) -> None:
    if narrow.shape or wide.shape or narrow.dtype.itemsize >= 8 or wide.dtype != np.float64:
        return
    # Only a number that rounds to the one that is there, so that nothing changes in the program's own precision.
    finite = narrow.dtype.kind not in "biuc" and np.isfinite(wide) and np.isfinite(narrow)
    with np.errstate(over="ignore"):
        if finite and wide.astype(narrow.dtype) == narrow:
            found[place] = float(wide)


def _programs(equation: Any) -> Iterator[Any]:
    for value in equation.params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, jax.extend.core.Jaxpr | jax.extend.core.ClosedJaxpr):
                yield item

"""Operations that change nothing vanish, to the last bit.

cast(x, its own dtype)                  ->  x
cast(cast(x, wider), d)                 ->  cast(x, d)      where `wider` holds every number of x's dtype
x * 1, x / 1, x - 0, x + -0, x ** 1     ->  x               (x + 0 too for integers; for floats it makes -0 into 0)
-(-x)                                   ->  x
maximum(x, x), minimum(x, x)            ->  x
"""

from __future__ import annotations

import math
from typing import Any

from multiback.dtypes import DType
from multiback.graph.ir import Equation, Literal
from multiback.graph.passes.rewriting import Rule, Sweep

_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
_EXPONENTS = {"float16": 5, "bfloat16": 8, "float32": 8, "float64": 11}


def holds(wide: DType, narrow: DType) -> bool:
    """Whether each number of the dtype `narrow` is one of the dtype `wide`."""
    if wide == narrow or narrow.kind == "b":
        return wide.kind != "c"
    if wide.kind == "f" and narrow.kind == "f":
        return _DIGITS[wide] >= _DIGITS[narrow] and _EXPONENTS[wide] >= _EXPONENTS[narrow]
    if wide.kind == "f" and narrow.kind in "iu":
        return _DIGITS[wide] >= narrow.bits and wide != "bfloat16" and wide != "float16"
    if wide.kind in "iu" and narrow.kind in "iu":
        return (wide.bits > narrow.bits and (wide.kind == "i" or narrow.kind == "u")) or wide == narrow
    return False


def _cast(equation: Equation, sweep: Sweep) -> Any:
    (x,) = equation.inputs
    target = equation.attributes["dtype"]
    if isinstance(x, Literal):
        return None
    if x.dtype == target:  # type: ignore[union-attr]
        return x
    inner = sweep.maker(x, "cast")
    if inner is None or isinstance(inner.inputs[0], Literal):
        return None
    (source,) = inner.inputs
    return equation.replace(inputs=(source,)) if holds(inner.attributes["dtype"], source.dtype) else None  # type: ignore[union-attr]


def _same(x: Any, equation: Equation) -> bool:
    out = equation.flat_outputs[0]
    return not isinstance(x, Literal) and x.shape == out.shape and x.dtype == out.dtype


def _times(equation: Equation, sweep: Sweep) -> Any:
    for x, other in (equation.inputs, equation.inputs[::-1]):
        if _same(x, equation) and _is(sweep.number(other), 1):
            return x
    return None


def _over(equation: Equation, sweep: Sweep) -> Any:
    x, other = equation.inputs
    return x if _same(x, equation) and _is(sweep.number(other), 1) else None


def _plus(equation: Equation, sweep: Sweep) -> Any:
    for x, other in (equation.inputs, equation.inputs[::-1]):
        if _same(x, equation) and _is(sweep.number(other), 0) and _adds_nothing(sweep.number(other), equation, -1.0):
            return x
    return None


def _minus(equation: Equation, sweep: Sweep) -> Any:
    x, other = equation.inputs
    number = sweep.number(other)
    return x if _same(x, equation) and _is(number, 0) and _adds_nothing(number, equation, 1.0) else None


def _adds_nothing(number: Any, equation: Equation, sign: float) -> bool:
    """Whether a zero of this sign leaves -0 as it is."""
    return equation.flat_outputs[0].dtype.kind in "iu" or (
        isinstance(number, int | float) and math.copysign(1.0, number) == sign
    )


def _is(number: Any, value: int) -> bool:
    return number is not None and not isinstance(number, bool) and number == value


def _twice(equation: Equation, sweep: Sweep) -> Any:
    inner = sweep.maker(equation.inputs[0], "negative")
    return None if inner is None or isinstance(inner.inputs[0], Literal) else inner.inputs[0]


def _either(equation: Equation, sweep: Sweep) -> Any:
    x, other = equation.inputs
    return x if x is other and _same(x, equation) else None


RULES: dict[str, Rule] = {
    "cast": _cast,
    "multiply": _times,
    "divide": _over,
    "add": _plus,
    "subtract": _minus,
    "power": _over,
    "negative": _twice,
    "maximum": _either,
    "minimum": _either,
}

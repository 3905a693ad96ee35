"""When an op is written in the way that most frameworks have for it."""

from __future__ import annotations

from multiback.graph.ir import Equation, Literal


def is_float(equation: Equation) -> bool:
    """Whether the first operand is a float."""
    return equation.flat_inputs[0].dtype.is_float


def wide(equation: Equation) -> bool:
    """Whether nothing is half precision, which is computed in float32, as the op's own body says."""
    return equation.flat_inputs[0].dtype.bits >= 32


def wide_float(equation: Equation) -> bool:
    """Whether the first operand is a float of 32 bits or more."""
    return is_float(equation) and wide(equation)


def wide_on_last(equation: Equation) -> bool:
    """Whether a scale of the last axes is in the right place as it is."""
    x, axis = equation.flat_inputs[0], equation.attributes["axis"]
    return wide(equation) and tuple(axis) == tuple(range(x.ndim - len(axis), x.ndim))


def between_numbers(equation: Equation) -> bool:
    """Whether the bounds are numbers, the lower one first."""
    low, high = equation.inputs[1:]
    return isinstance(low, Literal) and isinstance(high, Literal) and low.value <= high.value


def known_cuts(equation: Equation) -> bool:
    """Whether an axis of known size is split at known places, in order."""
    cuts, size = equation.attributes["indices_or_sections"], equation.flat_inputs[0].shape[equation.attributes["axis"]]
    ends = (0, *cuts, size)
    return all(isinstance(n, int) for n in ends) and list(ends) == sorted(ends)

"""How many floating-point operations one application of an op takes: the whole table.

The convention: an addition, subtraction, multiplication, division, comparison, maximum, square root, exponential,
logarithm or any other function of one number is one operation, whatever it costs on a processor; a multiplication that
is followed by an addition is therefore two. Only work on float and complex numbers counts: integers and booleans
(indices, masks, the hashing of random bits) take none, and neither does what only moves or selects numbers. A complex
addition is two operations, a multiplication six, a division eleven, any other function two.

What is not in the table is a composite: it takes what its body takes. Composites that stand here have a customary
count that does not depend on how their body is written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from multiback.graph import dims
from multiback.graph.ir import Equation, Literal, Value, flat

Sizes = Mapping[str, int]
Rule = Callable[[Equation, Sizes], int]


def shape_of(x: Any, sizes: Sizes) -> tuple[int, ...]:
    """The shape of a value with every size a number."""
    return tuple(dims.evaluate(n, sizes) for n in x.shape)


def elements_of(x: Any, sizes: Sizes) -> int:
    """How many elements a value has."""
    return math.prod(shape_of(x, sizes))


def _is_counted(equation: Equation) -> bool:
    return any(x.dtype.is_float or x.dtype.is_complex for x in equation.flat_inputs)


def _is_complex(equation: Equation) -> bool:
    return any(x.dtype.is_complex for x in [*equation.flat_inputs, *equation.flat_outputs])


def nothing(equation: Equation, sizes: Sizes) -> int:
    """Moves, selects, or works on integers."""
    return 0


def each(real: int = 1, complex_: int = 2) -> Rule:
    """So many for each element of the result."""

    def rule(equation: Equation, sizes: Sizes) -> int:
        count = max(elements_of(y, sizes) for y in equation.flat_outputs)
        return (complex_ if _is_complex(equation) else real) * count

    return rule


def reduction(equation: Equation, sizes: Sizes) -> int:
    """n elements become m: n - m operations."""
    taken = elements_of(equation.flat_inputs[0], sizes) - elements_of(equation.flat_outputs[0], sizes)
    return max(taken, 0) * (2 if _is_complex(equation) else 1)


def running(equation: Equation, sizes: Sizes) -> int:
    """One for each element after the first, along an axis."""
    shape = shape_of(equation.flat_inputs[0], sizes)
    count = math.prod(shape)
    return count - count // shape[equation.attributes["axis"]] if count else 0


def matrix_product(equation: Equation, sizes: Sizes) -> int:
    """(m, k) by (k, n), for each matrix of the batch: 2 m n k."""
    first = equation.flat_inputs[0]
    each_element = 2 * shape_of(first, sizes)[-1]
    return each_element * elements_of(equation.flat_outputs[0], sizes) * (4 if _is_complex(equation) else 1)


def convolution(equation: Equation, sizes: Sizes) -> int:
    """2 * outputs * taps * channels / groups, where every tap counts, padding or not; 1 an output for the bias.

    One of spread or widely padded inputs, as in gradients and transposed convolutions, multiplies few of them: it takes
    2 * inputs * taps * filters / groups if that is less.
    """
    inputs, kernel, bias = equation.inputs
    *taps, channels, filters = shape_of(kernel, sizes)
    outputs = elements_of(equation.flat_outputs[0], sizes)
    groups = dims.evaluate(equation.attributes["groups"], sizes)
    gathered = outputs * math.prod(taps) * channels
    scattered = elements_of(inputs, sizes) * math.prod(taps) * filters // groups
    return 2 * min(gathered, scattered) + (0 if bias is None else outputs)


def pooling(equation: Equation, sizes: Sizes) -> int:
    """A window of n elements: n - 1 maxima, or n - 1 additions and a division."""
    window = math.prod(equation.attributes["pool_size"])
    each_window = window - 1 if equation.op.name == "max_pool" else window
    return each_window * elements_of(equation.flat_outputs[0], sizes)


def contraction(equation: Equation, sizes: Sizes) -> int:
    """Operand after operand from the left: 2 for each element of a pair's joint space, 1 where nothing is summed."""
    inputs, output = equation.attributes["subscripts"].split("->")
    terms = inputs.split(",")
    size = {label: n for term, x in zip(terms, flat(equation.inputs)) for label, n in zip(term, shape_of(x, sizes))}

    def space(labels: set[str]) -> int:
        return math.prod(size[label] for label in labels)

    if len(terms) == 1:
        return space(set(terms[0])) - space(set(output))
    total, held = 0, set(terms[0])
    for i, term in enumerate(terms[1:], start=1):
        joint = held | set(term)
        held = joint & {*output, *(label for later in terms[i + 1 :] for label in later)}
        total += space(joint) * (1 if held == joint else 2)
    return total * (4 if _is_complex(equation) else 1)


def scattering(equation: Equation, sizes: Sizes) -> int:
    """One for each element that is combined with another; none where it replaces it."""
    return 0 if equation.attributes["reduction"] is None else elements_of(equation.inputs[2], sizes)


def sorting(equation: Equation, sizes: Sizes) -> int:
    """n log2(n) comparisons along the axis, rounded up: an estimate."""
    shape = shape_of(equation.flat_inputs[0], sizes)
    axis = equation.attributes["axis"]
    n = math.prod(shape) if axis is None else shape[axis]
    rows = math.prod(shape) // n if n else 0
    return rows * math.ceil(n * math.log2(n)) if n > 1 else 0


def _matrices(cost: Callable[[int, int], float]) -> Rule:
    """The customary leading terms for one (m, n) matrix, for each of the batch: an estimate."""

    def rule(equation: Equation, sizes: Sizes) -> int:
        *batch, m, n = shape_of(equation.flat_inputs[0], sizes)
        return math.prod(batch) * round(cost(m, n)) * (4 if _is_complex(equation) else 1)

    return rule


def _svd(m: int, n: int) -> float:
    large, small = max(m, n), min(m, n)
    return 4 * large**2 * small + 8 * large * small**2 + 9 * small**3


def _solution(equation: Equation, sizes: Sizes) -> int:
    """LU, 2 n^3 / 3, and two triangular solves, 2 n^2 for each right-hand side."""
    *batch, n, _ = shape_of(equation.inputs[0], sizes)
    sides = shape_of(equation.inputs[1], sizes)[-1]
    return math.prod(batch) * (round(2 * n**3 / 3) + 2 * n**2 * sides) * (4 if _is_complex(equation) else 1)


def _fourier(equation: Equation, sizes: Sizes) -> int:
    """5 n log2(n) for each row: the customary count of a fast transform, an estimate."""
    shape = shape_of(equation.flat_inputs[0], sizes)
    n = shape[-1]
    return math.prod(shape[:-1]) * math.ceil(5 * n * math.log2(n)) if n > 1 else 0


_MOVES = (
    "reshape", "transpose", "flip", "broadcast_to", "concatenate", "complex", "real", "imag", "cast", "bitcast",
    "stop_gradient", "dimension", "iota", "constant_pad", "getitem", "take", "take_along_axis", "where", "any",
    "signbit",
)  # fmt: skip
_EACH = (
    "floor_divide", "remainder", "negative", "abs", "sign", "equal", "less", "less_equal", "maximum", "minimum",
    "power", "sqrt", "exp", "expm1", "log", "log1p", "erf", "sin", "cos", "arctan2", "sinh", "cosh", "tanh", "arcsinh",
    "floor", "round_half_even",
)  # fmt: skip
_BITS = (
    "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_invert", "bitwise_left_shift", "bitwise_right_shift",
)  # fmt: skip

RULES: dict[str, Rule] = {
    **dict.fromkeys((*_MOVES, *_BITS), nothing),
    **dict.fromkeys(_EACH, each()),
    "add": each(1, 2),
    "subtract": each(1, 2),
    "multiply": each(1, 6),
    "divide": each(1, 11),
    **dict.fromkeys(("sum", "prod", "amax", "amin", "argmax"), reduction),
    **dict.fromkeys(("cumulative_sum", "cumulative_prod"), running),
    "matmul": matrix_product,
    "einsum": contraction,
    "conv": convolution,
    **dict.fromkeys(("max_pool", "average_pool"), pooling),
    "scatter_rows": scattering,
    "argsort": sorting,
    "fourier_transform": _fourier,
    "cholesky_factor": _matrices(lambda m, n: n**3 / 3),
    "slogdet": _matrices(lambda m, n: 2 * n**3 / 3),
    "orthogonal_factors": _matrices(lambda m, n: 4 * m * n * min(m, n) - 4 * min(m, n) ** 3 / 3),
    "eigen_factors": _matrices(lambda m, n: 9 * n**3),
    "singular_factors": _matrices(_svd),
    "linear_solution": _solution,
}
"""For each op the rule that counts it. Of primitives only those with sub-graphs are missing: `counting` knows them."""


def by_rule(equation: Equation, sizes: Sizes) -> int | None:
    """The floating-point operations of an equation by its own rule; None where the op has none.

    Source of the customary counts of factorizations: Golub and Van Loan, Matrix Computations, 4th edition.
    """
    rule = RULES.get(equation.op.name)
    if rule is None:
        return None
    return rule(equation, sizes) if _is_counted(equation) else 0


def bytes_of(x: Value | Literal, sizes: Sizes) -> int:
    """How many bytes a value takes; a number in an equation takes none."""
    return 0 if isinstance(x, Literal) else elements_of(x, sizes) * x.dtype.itemsize

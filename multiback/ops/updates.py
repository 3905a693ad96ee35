"""One step of an optimizer on many arrays at once: from parameters, gradients and slots to new parameters and slots.

Each is one equation, which an adapter may run as one kernel over all arrays, in place where nobody needs the old ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback.dtypes import DType, float32
from multiback.errors import ShapeError
from multiback.graph.ir import Value
from multiback.ops._cases import ALL_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._rules import as_type
from multiback.ops.exponential import expm1, sqrt
from multiback.ops.selection import maximum
from multiback.ops.shaping import broadcast_to

_Tuples = tuple[tuple[Any, ...], ...]


def _canonical(*slots: str, optional: Sequence[str] = ()) -> Callable[[dict[str, Any]], None]:
    """Canonical form: gradients, slots and the learning rate have the dtype of the parameters, and fit them."""

    def canonical(call: dict[str, Any]) -> None:
        call["parameters"] = parameters = tuple(_as_array(p, p.dtype) for p in call["parameters"])
        for name in ("gradients", *slots):
            values = call[name]
            if not (name in optional and not values) and [x.shape for x in values] != [x.shape for x in parameters]:
                raise ShapeError(
                    f"{name} must have the shapes of the parameters, {[x.shape for x in parameters]}; "
                    f"got {[x.shape for x in values]}."
                )
            call[name] = tuple(_as_array(x, p.dtype) for x, p in zip(values, parameters))
        call["learning_rate"] = as_type(call["learning_rate"], parameters[0].dtype)

    return canonical


def _as_array(x: Any, dtype: DType) -> Any:
    """An operand in this dtype; a number as a scalar array."""
    return as_type(x, dtype) if isinstance(x, Value) else broadcast_to(as_type(x, dtype), ())


def _arrays(low: float = -2.0, high: float = 2.0) -> tuple[Sample, ...]:
    return Sample((3, 4), low, high), Sample((4,), low, high), Sample((), low, high)


_P, _G, _RATE = _arrays(), _arrays(), Sample((), 0.01, 0.1)
_POSITIVE, _TINY = _arrays(0.1, 2.0), _arrays(-1e-6, 1e-6)


def _step_scale(parameters: Any, gradients: Any, learning_rate: Any) -> Any:
    return tuple(np.abs(p) + np.abs(g * learning_rate) for p, g in zip(parameters, gradients))


def _momentum_scale(
    parameters: Any, gradients: Any, means: Any, learning_rate: Any, momentum: float, nesterov: bool
) -> Any:
    steps = [np.abs(m * momentum) + np.abs(g * learning_rate) for m, g in zip(means, gradients)]
    return (*(np.abs(p) + 2 * s for p, s in zip(parameters, steps)), *steps)


def _adam_scale(
    parameters: Any, gradients: Any, means: Any, squares: Any, largest: Any, learning_rate: Any,
    beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
) -> Any:  # fmt: skip
    m = [np.abs(m) + np.abs(g) for m, g in zip(means, gradients)]
    v = [v + g * g for v, g in zip(squares, gradients)]
    new = [beta_2 * v + (1 - beta_2) * g * g for v, g in zip(squares, gradients)]
    p = (np.abs(p) + a * learning_rate / (np.sqrt(b) + epsilon) for p, a, b in zip(parameters, m, new))
    return (*p, *m, *v, *v[: len(largest)])


def _rmsprop_scale(
    parameters: Any, gradients: Any, squares: Any, averages: Any, means: Any, learning_rate: Any, momentum: float
) -> Any:
    steps = [2 * np.abs(g * learning_rate) / np.sqrt(0.9 * v) for g, v in zip(gradients, squares)]
    p = [np.abs(p) + s for p, s in zip(parameters, steps)]
    m = [np.abs(m) + s for m, s in zip(means, steps)]
    v = (v + g * g for v, g in zip(squares, gradients))
    a = (np.abs(a) + np.abs(g) for a, g in zip(averages, gradients))
    return (*(x + y for x, y in zip(p, m or steps)), *v, *a, *m)


def _adagrad_scale(parameters: Any, gradients: Any, sums: Any, learning_rate: Any) -> Any:
    p = (np.abs(p) + np.abs(g * learning_rate) / np.sqrt(s) for p, g, s in zip(parameters, gradients, sums))
    return (*p, *(s + g * g for s, g in zip(sums, gradients)))


def _in_other_dtypes(operands: tuple[Any, ...], bound: Bound, **attributes: Any) -> list[Case]:
    """The step in the other floats, and of arrays without elements."""
    empty = tuple((Sample((0, 3)), Sample((0,))) if o and isinstance(o, tuple) else o for o in operands)
    return [
        Case(operands, attributes, "dtypes", ALL_FLOATS[1:], bound, False),
        Case(empty, attributes, "empty", bound=bound, differentiable=False),
    ]


@composite(
    canonical=_canonical(),
    cases=[
        Case((_P, _G, rate), {}, label, bound=Bound(4, _step_scale))
        for rate, label in ((_RATE, "step"), (0.1, "fixed rate"))
    ]
    + _in_other_dtypes((_P, _G, _RATE), Bound(4, _step_scale)),
)
def sgd_update(parameters: Sequence[Array], gradients: Sequence[Array], learning_rate: Array) -> tuple[Any, ...]:
    """Gradient descent: p - learning_rate * g.

    Arguments:
        parameters, gradients: Arrays of equal shapes.
        learning_rate: Scalar.

    Returns:
        The new parameters.

    Raises:
        ShapeError: if shapes differ.

    Example:
        >>> [p.tolist() for p in ops.sgd_update([[1.0]], [[2.0]], 0.25)]
        [[0.5]]
    """
    return tuple(p - g * learning_rate for p, g in zip(parameters, gradients))


@composite(
    canonical=_canonical("means"),
    cases=[
        Case(
            (_P, _G, _arrays(), _RATE),
            {"momentum": 0.9, "nesterov": n},
            f"nesterov={n}",
            bound=Bound(4, _momentum_scale),
        )
        for n in (False, True)
    ]
    + _in_other_dtypes((_P, _G, _arrays(), _RATE), Bound(4, _momentum_scale), momentum=0.9, nesterov=True),
)
def momentum_update(
    parameters: Sequence[Array],
    gradients: Sequence[Array],
    means: Sequence[Array],
    learning_rate: Array,
    momentum: float,
    nesterov: bool = False,
) -> _Tuples:
    """Gradient descent with momentum: m' = momentum * m - learning_rate * g, p' = p + m'.

    With `nesterov`, p' = p + momentum * m' - learning_rate * g.

    Arguments:
        parameters, gradients, means: Arrays of equal shapes; the means start at 0.
        learning_rate: Scalar.
        momentum: Decay of the means.
        nesterov: Whether to look one step ahead.

    Returns:
        The new parameters, the new means.

    Raises:
        ShapeError: if shapes differ.

    Source: Sutskever et al. 2013, On the importance of initialization and momentum in deep learning.

    Example:
        >>> [[x.tolist() for x in part] for part in ops.momentum_update([[1.0]], [[2.0]], [[0.5]], 0.25, 0.5)]
        [[[0.75]], [[-0.25]]]
    """
    steps = [g * learning_rate for g in gradients]
    new = tuple(m * momentum - s for m, s in zip(means, steps))
    if nesterov:
        return tuple(p + (m * momentum - s) for p, m, s in zip(parameters, new, steps)), new
    return tuple(p + m for p, m in zip(parameters, new)), new


@composite(
    canonical=_canonical("means", "squares", "largest", optional=("largest",)),
    cases=[
        Case(operands, attributes, label, bound=Bound(8, _adam_scale))
        for operands, attributes, label in (
            ((_P, _G, _arrays(), _POSITIVE, (), _RATE), {}, "plain"),
            ((_P, _G, _arrays(), _POSITIVE, _POSITIVE, _RATE), {}, "amsgrad"),
            ((_P, _TINY, _TINY, _arrays(1e-14, 1e-12), (), _RATE), {"epsilon": 1e-3}, "tiny"),
            ((_P, _G, _arrays(), _POSITIVE, (), 0.01), {"beta_1": 0.5, "beta_2": 0.75}, "fixed rate"),
        )
    ]
    + _in_other_dtypes((_P, _G, _arrays(), _POSITIVE, _POSITIVE, _RATE), Bound(8, _adam_scale), beta_2=0.75),
)
def adam_update(
    parameters: Sequence[Array],
    gradients: Sequence[Array],
    means: Sequence[Array],
    squares: Sequence[Array],
    largest: Sequence[Array],
    learning_rate: Array,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> tuple[Any, ...]:
    """Adam: p' = p - rate * m' / (sqrt(v') + epsilon).

    Here m' = m + (1 - beta_1) (g - m) and v' = v + (1 - beta_2) (g^2 - v).

    Arguments:
        parameters, gradients, means, squares: Arrays of equal shapes; means and squares start at 0.
        largest: The largest squares so far (AMSGrad), which then stand for v' in the last formula; or none.
        learning_rate: Scalar, corrected for bias: see `bias_corrected_rate`.
        beta_1, beta_2: Decay of the means and squares.
        epsilon: Added to the root, outside the correction of the bias.

    Returns:
        The new parameters, means, squares and largest squares.

    Raises:
        ShapeError: if shapes differ.

    Source: Kingma and Ba 2015, Adam, end of section 2; Reddi et al. 2018, On the convergence of Adam and beyond.

    Example:
        >>> [[round(x.item(), 3) for x in part] for part in ops.adam_update([1.0], [2.0], [0.0], [0.0], [], 0.1)]
        [[0.684], [0.2], [0.004], []]
    """
    new_means = tuple(m + (g - m) * (1.0 - beta_1) for m, g in zip(means, gradients))
    new_squares = tuple(v + (g * g - v) * (1.0 - beta_2) for v, g in zip(squares, gradients))
    new_largest = tuple(maximum(a, b) for a, b in zip(largest, new_squares))
    divisors = new_largest or new_squares
    new = tuple(p - m * learning_rate / (sqrt(v) + epsilon) for p, m, v in zip(parameters, new_means, divisors))
    return new, new_means, new_squares, new_largest


def _canonical_rate(call: dict[str, Any]) -> None:
    """Canonical form: a float rate and a whole step."""
    rate = call["learning_rate"]
    call["learning_rate"] = rate if rate.dtype.is_float else as_type(rate, float32)
    if call["learning_rate"].shape != () or call["step"].shape != ():
        raise ShapeError(f"learning_rate and step must be scalars, got {rate.shape} and {call['step'].shape}.")


def _rate_scale(learning_rate: Any, step: Any, beta_1: float = 0.9, beta_2: float = 0.999) -> Any:
    return np.abs(learning_rate) * np.sqrt(-np.expm1(step * np.log(beta_2))) / -np.expm1(step * np.log(beta_1))


_STEPS = [Sample(values=n, dtype="int32") for n in (1, 7, 40_000)]


@composite(
    canonical=_canonical_rate,
    cases=[
        *(Case((_RATE, t), {}, f"step {t.values}", bound=Bound(8, _rate_scale), differentiable=False) for t in _STEPS),
        Case((_RATE, _STEPS[1]), {"beta_1": 0.5, "beta_2": 0.75}, "quick", bound=Bound(8, _rate_scale),
             differentiable=False),
        Case((_RATE, _STEPS[1]), {}, "dtypes", ALL_FLOATS[1:], Bound(8, _rate_scale), False),
    ],
)  # fmt: skip
def bias_corrected_rate(learning_rate: Array, step: Array, beta_1: float = 0.9, beta_2: float = 0.999) -> Any:
    """Adam's rate at step t, corrected for averages that start at 0: rate * sqrt(1 - beta_2^t) / (1 - beta_1^t).

    Arguments:
        learning_rate: Scalar.
        step: Scalar: t, the first step being 1.
        beta_1, beta_2: Decay of the means and squares.

    Returns:
        A scalar in the dtype of the learning rate.

    Raises:
        ShapeError: if an operand is not a scalar.

    Source: Kingma and Ba 2015, Adam, end of section 2.

    Example:
        >>> ops.bias_corrected_rate(0.25, 1, 0.5, 0.75).item()
        0.25
    """
    dtype = learning_rate.dtype
    t = as_type(step, dtype if dtype.bits >= 32 else float32)
    # Exact to a few units of the last place also where the power is close to 1.
    means, squares = (-expm1(t * math.log(beta)) if beta > 0 else 1.0 for beta in (beta_1, beta_2))
    return learning_rate * as_type(sqrt(squares) / means, dtype)


@composite(
    canonical=_canonical("squares", "averages", "means", optional=("averages", "means")),
    cases=[
        Case(
            (_P, _G, _arrays(5, 9), averages, means, _RATE),
            {"momentum": momentum},
            label,
            bound=Bound(8, _rmsprop_scale),
        )
        for averages, means, momentum, label in (
            ((), (), 0.0, "plain"),
            (_arrays(-1, 1), (), 0.0, "centered"),
            ((), _arrays(), 0.9, "momentum"),
            (_arrays(-1, 1), _arrays(), 0.9, "centered, momentum"),
        )
    ]
    + _in_other_dtypes((_P, _G, _arrays(5, 9), (), _arrays(), _RATE), Bound(8, _rmsprop_scale), momentum=0.9),
)
def rmsprop_update(
    parameters: Sequence[Array],
    gradients: Sequence[Array],
    squares: Sequence[Array],
    averages: Sequence[Array],
    means: Sequence[Array],
    learning_rate: Array,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
) -> tuple[Any, ...]:
    """RMSprop: v' = rho * v + (1 - rho) g^2, p' = p - rate * g / sqrt(v' + epsilon).

    With averages, a' = rho * a + (1 - rho) g, and v' - a'^2 stands for v' under the root. With means, the step is
    m' = momentum * m + rate * g / sqrt(...).

    Arguments:
        parameters, gradients, squares: Arrays of equal shapes; the squares start at 0.
        averages: Averages of the gradients (the centered form), or none.
        means: Means of the steps, or none.
        learning_rate: Scalar.
        rho: Decay of squares and averages.
        momentum: Decay of the means.
        epsilon: Added under the root.

    Returns:
        The new parameters, squares, averages and means.

    Raises:
        ShapeError: if shapes differ.

    Source: Hinton 2012, lecture 6e; Graves 2013, Generating sequences with recurrent neural networks (centered).

    Example:
        >>> [[round(x.item(), 3) for x in part] for part in ops.rmsprop_update([1.0], [2.0], [0.0], [], [], 0.1)]
        [[0.684], [0.4], [], []]
    """
    new_squares = tuple(v * rho + g * g * (1.0 - rho) for v, g in zip(squares, gradients))
    new_averages = tuple(a * rho + g * (1.0 - rho) for a, g in zip(averages, gradients))
    spreads = [v - a * a for v, a in zip(new_squares, new_averages)] or new_squares
    steps = tuple(g * learning_rate / sqrt(v + epsilon) for g, v in zip(gradients, spreads))
    new_means = tuple(m * momentum + s for m, s in zip(means, steps))
    new = tuple(p - s for p, s in zip(parameters, new_means or steps))
    return new, new_squares, new_averages, new_means


@composite(
    canonical=_canonical("sums"),
    cases=[
        Case((_P, _G, _POSITIVE, _RATE), {}, "step", bound=Bound(8, _adagrad_scale)),
        *_in_other_dtypes((_P, _G, _POSITIVE, _RATE), Bound(8, _adagrad_scale)),
    ],
)
def adagrad_update(
    parameters: Sequence[Array],
    gradients: Sequence[Array],
    sums: Sequence[Array],
    learning_rate: Array,
    epsilon: float = 1e-7,
) -> _Tuples:
    """Adagrad: s' = s + g^2, p' = p - learning_rate * g / sqrt(s' + epsilon).

    Arguments:
        parameters, gradients, sums: Arrays of equal shapes.
        learning_rate: Scalar.
        epsilon: Added under the root.

    Returns:
        The new parameters, the new sums.

    Raises:
        ShapeError: if shapes differ.

    Source: Duchi, Hazan and Singer 2011, Adaptive subgradient methods.

    Example:
        >>> [[round(x.item(), 3) for x in part] for part in ops.adagrad_update([1.0], [2.0], [0.0], 0.1)]
        [[0.9], [4.0]]
    """
    new_sums = tuple(s + g * g for s, g in zip(sums, gradients))
    return tuple(
        p - g * learning_rate / sqrt(s + epsilon) for p, g, s in zip(parameters, gradients, new_sums)
    ), new_sums

"""Activation functions, all composites; each keeps NaN as NaN and states its gradient where it has a kink."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from multiback.errors import ShapeError
from multiback.ops._cases import HALVES, OTHER_FLOATS, Bound, Case, Sample, elementwise, every_half, special
from multiback.ops._define import Array, composite
from multiback.ops._rules import axis_index, promoting
from multiback.ops.arithmetic import abs
from multiback.ops.exponential import erf, exp, expm1, log1p, sqrt
from multiback.ops.joining import split
from multiback.ops.selection import where
from multiback.ops.trigonometry import tanh

_FLOAT = promoting("x", to_float=True)
_INF, _NAN = float("inf"), float("nan")


def _magnitude(x: Any, *_: Any, **__: Any) -> Any:
    return np.abs(x)


def _at_least_one(x: Any, *_: Any, **__: Any) -> Any:
    return np.maximum(np.abs(x), 1.0)


def _normal_magnitude(x: Any, *_: Any, **__: Any) -> Any:
    """|x|, not below the least number that float16 holds with all its digits."""
    return np.maximum(np.abs(x), 2.0**-14)


def _points(label: str, *values: float, scale: Any = None, **attributes: Any) -> list[Case]:
    """Values and gradients at exact points: kinks, or tails where the next derivative is lost to cancellation."""
    return [Case((Sample(values=values),), attributes, label, bound=Bound(8, scale), smooth=False)]


def _given(low: float = -2.0, high: float = 2.0, scale: Any = _magnitude, **attributes: Any) -> list[Case]:
    """A batch with other attributes than the default ones."""
    label = ", ".join(f"{name}={value}" for name, value in attributes.items())
    return [Case((Sample(("batch", 3), low, high),), attributes, label, bound=Bound(8, scale))]


def _cases(
    low: float,
    high: float,
    *kinks: float,
    c: float = 8.0,
    scale: Any = None,
    label: str = "kinks",
    specials: Any = (_INF, -_INF, _NAN, 0.0, -0.0),
    **attributes: Any,
) -> list[Case]:
    """A batch and a scalar, infinities and NaN, every half on [low, high]; values and gradients at the kinks.

    Gradients in the tails, where they cancel, are not drawn.
    """
    return [
        *elementwise(1, max(low, -3), min(high, 3), c, scale, **attributes),
        *special(specials, c=c, **attributes),
        *every_half(low, high, c, scale, **attributes),
        *(_points(label, *kinks, scale=scale, **attributes) if kinks else ()),
    ]


_IN_HALF = Case((Sample((4, 3)),), {}, "gradient in half precision", HALVES)


@composite(
    canonical=_FLOAT,
    cases=[
        *_cases(-4, 9, 0.0, -0.0, 1.0, c=0, label="divergence-36"),
        _IN_HALF,
        Case((Sample((4, 3), -9, 9),), {}, "integers", ("int32", "uint8", "bool"), differentiable=False),
    ],
)
def relu(x: Array) -> Any:
    """Rectified linear unit: max(x, 0). The gradient at 0 is 0.

    Arguments:
        x: Any shape; integers become float32.

    Returns:
        The shape of `x`.

    Source: Nair and Hinton 2010, Rectified linear units improve restricted Boltzmann machines.

    Example:
        >>> ops.relu([-1.0, 2.0]).tolist()
        [0.0, 2.0]
    """
    return where(x <= 0, 0.0, x)


@composite(canonical=_FLOAT, cases=_cases(-4, 9, 0.0, 6.0, 7.0, c=0, label="divergence-36"))
def relu6(x: Array) -> Any:
    """Rectified linear unit with a ceiling: min(max(x, 0), 6). The gradient at 0 and at 6 is 0.

    Source: Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10.

    Example:
        >>> ops.relu6([-1.0, 2.0, 8.0]).tolist()
        [0.0, 2.0, 6.0]
    """
    return where(x >= 6, 6.0, relu(x))


@composite(canonical=_FLOAT, cases=_cases(-2, 2, 0.0, -0.0, -1.0, label="divergence-41") + _given(negative_slope=0.01))
def leaky_relu(x: Array, negative_slope: float = 0.2) -> Any:
    """Leaky rectified linear unit: x where x > 0, else negative_slope * x. The gradient at 0 is `negative_slope`.

    Source: Maas, Hannun and Ng 2013, Rectifier nonlinearities improve neural network acoustic models.

    Example:
        >>> [round(y, 4) for y in ops.leaky_relu([-1.0, 2.0]).tolist()]
        [-0.2, 2.0]
    """
    return where(x > 0, x, x * negative_slope)


@composite(
    canonical=_FLOAT, cases=_cases(-9, 9, scale=_magnitude) + _given(alpha=0.5) + _points("kinks", 0.0, alpha=0.5)
)
def elu(x: Array, alpha: float = 1.0) -> Any:
    """Exponential linear unit: x where x > 0, else alpha * (exp(x) - 1). The gradient at 0 is `alpha`.

    Source: Clevert, Unterthiner and Hochreiter 2016, Fast and accurate deep network learning by exponential
        linear units.

    Example:
        >>> [round(y, 4) for y in ops.elu([-1.0, 2.0]).tolist()]
        [-0.6321, 2.0]
    """
    return where(x > 0, x, expm1(where(x > 0, 0.0, x)) * alpha)


# Four units in the last place of expm1, two constants and two products make c = 12.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@composite(canonical=_FLOAT, cases=_cases(-9, 9, 0.0, c=12, scale=_normal_magnitude))
def selu(x: Array) -> Any:
    """Scaled exponential linear unit: 1.0507... * elu(x, 1.6732...). The gradient at 0 is the left one.

    Source: Klambauer et al. 2017, Self-normalizing neural networks.

    Example:
        >>> [round(y, 4) for y in ops.selu([-1.0, 2.0]).tolist()]
        [-1.1113, 2.1014]
    """
    return where(x > 0, x, expm1(where(x > 0, 0.0, x)) * _SELU_ALPHA) * _SELU_SCALE


@composite(
    canonical=_FLOAT, cases=_cases(-9, 9, scale=_magnitude) + _given(alpha=0.5) + _points("kinks", 0.0, alpha=0.5)
)
def celu(x: Array, alpha: float = 1.0) -> Any:
    """Continuously differentiable exponential linear unit: x where x > 0, else alpha * (exp(x / alpha) - 1).

    Source: Barron 2017, Continuously differentiable exponential linear units.

    Example:
        >>> [round(y, 4) for y in ops.celu([-1.0, 2.0]).tolist()]
        [-0.6321, 2.0]
    """
    return where(x > 0, x, expm1(where(x > 0, 0.0, x) / alpha) * alpha)


@composite(
    canonical=_FLOAT,
    cases=[
        *_cases(-6, 6, scale=_magnitude),
        *_points("divergence-40", -3.0, -1.0, 0.0, 0.5, 3.0, scale=_magnitude),
        *_given(-6, 6, approximate=False),
        Case((Sample(values=[_INF, -_INF, _NAN]),), {"approximate": False}, "infinities, exact", differentiable=False),
        Case((Sample((4, 3)),), {"approximate": False}, "half precision, exact", HALVES, Bound(8, _magnitude)),
    ],
)
def gelu(x: Array, approximate: bool = True) -> Any:
    """Gaussian error linear unit: x * Phi(x), Phi the normal distribution function.

    Arguments:
        x: Any shape; integers become float32.
        approximate: Use x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))), the default, instead of the error function.

    Returns:
        The shape of `x`.

    Source: Hendrycks and Gimpel 2016, Gaussian error linear units.

    Example:
        >>> [round(y, 4) for y in ops.gelu([-1.0, 2.0]).tolist()]
        [-0.1588, 1.9546]
        >>> [round(y, 4) for y in ops.gelu([-1.0, 2.0], approximate=False).tolist()]
        [-0.1587, 1.9545]
    """
    if approximate:
        inner = tanh((x + x * x * x * 0.044715) * math.sqrt(2 / math.pi))
    else:
        inner = erf(x * math.sqrt(0.5))
    return x * (inner + 1.0) * 0.5


@composite(canonical=_FLOAT, cases=_cases(-9, 30) + _points("far", -30.0, 0.0, 30.0, -200.0, 200.0) + [_IN_HALF])
def sigmoid(x: Array) -> Any:
    """Logistic function: 1 / (1 + exp(-x)), without overflow.

    Example:
        >>> [round(y, 4) for y in ops.sigmoid([0.0, 2.0]).tolist()]
        [0.5, 0.8808]
    """
    positive = x >= 0
    decay = exp(where(positive, -x, x))
    return where(positive, 1.0, decay) / (decay + 1.0)


@sigmoid.vjp
def _(g: Any, y: Any, x: Any) -> Any:
    return g * y * (1.0 - y)


@composite(canonical=_FLOAT, cases=_cases(-9, 30) + _points("far", -30.0, 0.0, 30.0, -200.0, 200.0))
def softplus(x: Array) -> Any:
    """Smooth rectifier: log(1 + exp(x)), without overflow.

    Source: Dugas et al. 2001, Incorporating second-order functional knowledge for better option pricing.

    Example:
        >>> [round(y, 4) for y in ops.softplus([0.0, 100.0]).tolist()]
        [0.6931, 100.0]
    """
    positive = x > 0
    return where(positive, x, 0.0) + log1p(exp(where(positive, -x, x)))


@softplus.vjp
def _(g: Any, y: Any, x: Any) -> Any:
    return g * sigmoid(x)


@composite(canonical=_FLOAT, cases=_cases(-30, 9) + _points("far", -30.0, 0.0, 30.0, -200.0, 200.0))
def log_sigmoid(x: Array) -> Any:
    """Logarithm of the logistic function: -log(1 + exp(-x)), without overflow.

    Example:
        >>> [round(y, 4) for y in ops.log_sigmoid([0.0, -100.0]).tolist()]
        [-0.6931, -100.0]
    """
    return -softplus(-x)


@composite(
    canonical=_FLOAT, cases=_cases(-5, 5, -4.0, -3.0, -1.0, 0.0, 3.0, 4.0, scale=_at_least_one, label="divergence-42")
)
def hard_sigmoid(x: Array) -> Any:
    """Piecewise linear sigmoid: relu6(x + 3) / 6. The gradient at -3 and 3 is 0.

    Example:
        >>> ops.hard_sigmoid([-4.0, 0.0, 4.0]).tolist()
        [0.0, 0.5, 1.0]
    """
    return relu6(x + 3.0) / 6.0


@composite(
    canonical=_FLOAT, cases=_cases(-9, 9, scale=_magnitude) + _points("far", 0.0, -200.0, 200.0, scale=_magnitude)
)
def silu(x: Array) -> Any:
    """Sigmoid linear unit, or swish: x * sigmoid(x).

    Source: Elfwing, Uchibe and Doya 2018, Sigmoid-weighted linear units.

    Example:
        >>> [round(y, 4) for y in ops.silu([-1.0, 2.0]).tolist()]
        [-0.2689, 1.7616]
    """
    return x * sigmoid(x)


swish = silu


@composite(canonical=_FLOAT, cases=_cases(-5, 5, -4.0, -3.0, 0.0, 3.0, 4.0, scale=_at_least_one))
def hard_silu(x: Array) -> Any:
    """Piecewise quadratic swish: x * relu6(x + 3) / 6. The gradient at -3 is 0, at 3 it is 1.

    Source: Howard et al. 2019, Searching for MobileNetV3.

    Example:
        >>> ops.hard_silu([-4.0, 0.0, 4.0]).tolist()
        [-0.0, 0.0, 4.0]
    """
    return x * hard_sigmoid(x)


hard_swish = hard_silu


@composite(canonical=_FLOAT, cases=_cases(-2, 2, -1.0, 1.0, c=0))
def hard_tanh(x: Array) -> Any:
    """Piecewise linear tanh: min(max(x, -1), 1). The gradient at -1 and 1 is 0.

    Example:
        >>> ops.hard_tanh([-2.0, 0.5, 2.0]).tolist()
        [-1.0, 0.5, 1.0]
    """
    return where(x >= 1, 1.0, where(x <= -1, -1.0, x))


@composite(canonical=_FLOAT, cases=_cases(-9, 9, 0.0, specials=(0.0, -1e30, 1e30, _NAN)))
def softsign(x: Array) -> Any:
    """x / (1 + |x|).

    Source: Bergstra et al. 2009, Quadratic polynomials learn better image features.

    Example:
        >>> ops.softsign([-1.0, 3.0]).tolist()
        [-0.5, 0.75]
    """
    return x / (abs(x) + 1.0)


@composite(
    canonical=_FLOAT, cases=_cases(-9, 9, scale=_magnitude) + _points("far", 0.0, -200.0, 200.0, scale=_magnitude)
)
def mish(x: Array) -> Any:
    """x * tanh(softplus(x)).

    Source: Misra 2019, Mish: a self regularized non-monotonic activation function.

    Example:
        >>> [round(y, 4) for y in ops.mish([-1.0, 2.0]).tolist()]
        [-0.3034, 1.944]
    """
    return x * tanh(softplus(x))


@composite(canonical=_FLOAT, cases=_cases(-2, 2, scale=_magnitude))
def tanh_shrink(x: Array) -> Any:
    """x - tanh(x).

    Example:
        >>> [round(y, 4) for y in ops.tanh_shrink([0.0, 2.0]).tolist()]
        [0.0, 1.036]
    """
    return x - tanh(x)


@composite(canonical=_FLOAT, cases=_cases(-2, 2, -0.5, 0.0, 0.5, scale=_magnitude) + _given(threshold=1.0))
def soft_shrink(x: Array, threshold: float = 0.5) -> Any:
    """x moved toward 0 by `threshold`, and 0 within it: sign(x) * max(|x| - threshold, 0). The gradient at kinks is 0.

    Example:
        >>> ops.soft_shrink([-2.0, 0.3, 2.0]).tolist()
        [-1.5, 0.0, 1.5]
    """
    return where(abs(x) <= threshold, 0.0, where(x > 0, x - threshold, x + threshold))


@composite(canonical=_FLOAT, cases=_cases(-2, 2, -0.5, 0.0, 0.5, c=0) + _given(threshold=1.0))
def hard_shrink(x: Array, threshold: float = 0.5) -> Any:
    """x where |x| > threshold, else 0. The gradient at the jumps is 0.

    Example:
        >>> ops.hard_shrink([-2.0, 0.3, 2.0]).tolist()
        [-2.0, 0.0, 2.0]
    """
    return where(abs(x) <= threshold, 0.0, x)


@composite(canonical=_FLOAT, cases=_cases(-2, 2, 0.5, c=0, threshold=0.5, default_value=-1.0))
def threshold(x: Array, threshold: float, default_value: float) -> Any:
    """x where x > threshold, else `default_value`. The gradient at the threshold is 0.

    Example:
        >>> ops.threshold([0.2, 2.0], 0.5, -1.0).tolist()
        [-1.0, 2.0]
    """
    return where(x <= threshold, default_value, x)


@composite(
    canonical=_FLOAT,
    cases=_cases(-9, 9, scale=_at_least_one, specials=(_INF, 0.0, _NAN)) + _given(scale=_at_least_one, b=1.0),
)
def squareplus(x: Array, b: float = 4) -> Any:
    """Algebraic smooth rectifier: (x + sqrt(x^2 + b)) / 2.

    Source: Barron 2021, Squareplus: a softplus-like algebraic rectifier.

    Example:
        >>> [round(y, 4) for y in ops.squareplus([0.0, 2.0]).tolist()]
        [1.0, 2.4142]
    """
    return (x + sqrt(x * x + b)) * 0.5


@composite(canonical=_FLOAT, cases=_cases(-2, 2, -1.0, 1.0, scale=_at_least_one))
def sparse_plus(x: Array) -> Any:
    """Sparse rectifier: 0 for x <= -1, x for x >= 1, (x + 1)^2 / 4 between.

    Example:
        >>> ops.sparse_plus([-2.0, 0.0, 2.0]).tolist()
        [0.0, 0.25, 2.0]
    """
    inside = where(abs(x) >= 1, 0.0, x + 1.0)
    return where(x <= -1, 0.0, where(x >= 1, x, inside * inside * 0.25))


@composite(canonical=_FLOAT, cases=_cases(-2, 2, -1.0, 1.0, scale=_at_least_one))
def sparse_sigmoid(x: Array) -> Any:
    """Piecewise linear sigmoid: 0 for x <= -1, 1 for x >= 1, (x + 1) / 2 between. The gradient at the kinks is 0.

    Example:
        >>> ops.sparse_sigmoid([-2.0, 0.0, 2.0]).tolist()
        [0.0, 0.5, 1.0]
    """
    return where(x <= -1, 0.0, where(x >= 1, 1.0, (x + 1.0) * 0.5))


def _glu_axis(call: dict[str, Any]) -> None:
    _FLOAT(call)
    call["axis"] = axis_index(call["axis"], call["x"].ndim)
    if call["x"].shape[call["axis"]] % 2 != 0:
        raise ShapeError(f"glu() halves axis {call['axis']}, whose size {call['x'].shape[call['axis']]} is not even.")


@composite(
    canonical=_glu_axis,
    cases=[Case((Sample(("batch", 4, 6)),), {"axis": axis}, f"axis={axis}") for axis in (-1, 1)]
    + [Case((Sample((3, 6), -6, 6),), {}, "other floats", OTHER_FLOATS, differentiable=False)],
)
def glu(x: Array, axis: int = -1) -> Any:
    """Gated linear unit: a * sigmoid(b), a and b the halves of `x` along `axis`.

    Arguments:
        x: Any shape with an even size along `axis`; integers become float32.
        axis: The axis that is halved.

    Returns:
        The shape of `x` with half the size along `axis`.

    Raises:
        ShapeError: if that size is odd.

    Source: Dauphin et al. 2017, Language modeling with gated convolutional networks.

    Example:
        >>> ops.glu([3.0, 0.0]).tolist()
        [1.5]
    """
    a, b = split(x, 2, axis=axis)
    return a * sigmoid(b)

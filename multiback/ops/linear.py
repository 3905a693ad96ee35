"""The product of an array with a matrix of weights, its bias and its activation, in one op."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.errors import ShapeError, unknown_name
from multiback.ops._cases import HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._rules import promoting
from multiback.ops.activations import relu
from multiback.ops.linalg import matmul
from multiback.ops.shaping import shown

ACTIVATIONS = ("linear", "relu")
"""The functions that `linear` knows by name."""


def _canonical(call: dict[str, Any]) -> None:
    promoting("x", "kernel", "bias", to_float=True)(call)
    x, kernel, bias = call["x"], call["kernel"], call["bias"]
    if call["activation"] not in ACTIVATIONS:
        raise unknown_name("activation of linear()", call["activation"], ACTIVATIONS)
    if x.ndim < 1 or kernel.ndim != 2 or x.shape[-1] != kernel.shape[0]:
        raise ShapeError(
            f"linear() takes x of shape (..., features) and a kernel (features, units), "
            f"got {shown(x.shape)} and {shown(kernel.shape)}."
        )
    if bias is not None and bias.shape != kernel.shape[1:]:
        raise ShapeError(f"The bias of linear() must be {shown(kernel.shape[1:])}, got {shown(bias.shape)}.")


def _magnitude(x: Any, kernel: Any, bias: Any, activation: str = "linear") -> Any:
    product = np.matmul(np.abs(x), np.abs(kernel))
    return product if bias is None else product + np.abs(bias)


def _case(label: str, x: Any, units: int, biased: bool, *, dtypes: Any = ("float32",), **more: Any) -> Case:
    operands = (Sample(x), Sample((x[-1], units)), Sample((units,)) if biased else None)
    c = more.pop("c", 8)
    return Case(operands, more.pop("attributes", {}), label, dtypes, Bound(c, _magnitude), **more)


_RELU = {"activation": "relu"}


@composite(
    canonical=_canonical,
    cases=[
        _case("bias", ("batch", 5), 3, True),
        _case("no bias", ("batch", 5), 3, False),
        _case("relu", ("batch", 5), 3, True, attributes=_RELU),
        _case("relu, no bias", ("batch", 5), 3, False, attributes=_RELU),
        _case("sequences", ("batch", "time", 5), 3, True),
        _case("sequences, relu", ("batch", "time", 5), 3, True, attributes=_RELU),
        _case("vector", (5,), 3, True),
        _case("one by one", (1, 1), 1, True),
        _case("blocks", (33, 65), 17, True, attributes=_RELU),
        _case("other floats", (2, 4, 5), 3, True, dtypes=OTHER_FLOATS, differentiable=False),
        _case("relu in other floats", (4, 5), 3, True, dtypes=OTHER_FLOATS, attributes=_RELU, differentiable=False),
        _case("gradient in half precision", (4, 5), 3, True, dtypes=HALVES),
    ],
)
def linear(x: Array, kernel: Array, bias: Array | None = None, *, activation: str = "linear") -> Any:
    """Fully connected: y = activation(x @ kernel + bias) along the last axis.

    Arguments:
        x: (..., features); integers become float32.
        kernel: (features, units).
        bias: (units,), or None for 0.
        activation: "linear" or "relu".

    Returns:
        (..., units), in the dtype that all operands meet in.

    Raises:
        ShapeError: if shapes do not fit.
        UnknownNameError: for another activation.

    Example:
        >>> ops.linear([[1.0, 2.0]], [[1.0], [-3.0]], [4.0], activation="relu").tolist()
        [[0.0]]
    """
    y = matmul(x, kernel)
    y = y if bias is None else y + bias
    return relu(y) if activation == "relu" else y

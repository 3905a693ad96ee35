"""Gradients of activation functions, each one kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback.graph.explicit import Rule
from multiback.graph.kernels import Kernel


def of_output(name: str, expression: str, *attributes: str) -> Rule:
    """A rule by a kernel of the cotangent `g` and the output `y`."""
    kernel = Kernel(name, expression, ("g", "y"), attributes)

    def backward(g: Any, y: Any, wanted: Any, x: Any, **given: Any) -> Any:
        return (kernel(g, y, outputs=x, **{n: given[n] for n in attributes}),)

    return Rule(backward)


def of_operand(name: str, expression: str, *attributes: str, when: Callable[..., bool] = lambda e: True) -> Rule:
    """A rule by a kernel of the cotangent `g` and the operand `x`."""
    kernel = Kernel(name, expression, ("g", "x"), attributes)

    def backward(g: Any, y: Any, wanted: Any, x: Any, **given: Any) -> Any:
        return (kernel(g, x, outputs=x, **{n: given[n] for n in attributes}),)

    return Rule(backward, when=when)


BACKWARD = {
    "relu": of_output("relu_gradient", "aten.threshold_backward({g}, {y}, 0)"),
    "sigmoid": of_output("sigmoid_gradient", "aten.sigmoid_backward({g}, {y})"),
    "tanh": of_output("tanh_gradient", "aten.tanh_backward({g}, {y})"),
    "relu6": of_operand("relu6_gradient", "aten.hardtanh_backward({g}, {x}, 0, 6)"),
    "hard_tanh": of_operand("hard_tanh_gradient", "aten.hardtanh_backward({g}, {x}, -1, 1)"),
    "leaky_relu": of_operand(
        "leaky_relu_gradient", "aten.leaky_relu_backward({g}, {x}, {negative_slope}, False)", "negative_slope"
    ),
    "elu": of_operand("elu_gradient", "aten.elu_backward({g}, {alpha}, 1, 1, False, {x})", "alpha"),
    "celu": of_operand("celu_gradient", "aten.elu_backward({g}, {alpha}, 1, 1 / {alpha}, False, {x})", "alpha"),
    "gelu": of_operand(
        "gelu_gradient", "aten.gelu_backward({g}, {x}, approximate='tanh' if {approximate} else 'none')", "approximate"
    ),
    "silu": of_operand("silu_gradient", "aten.silu_backward({g}, {x})"),
    "mish": of_operand("mish_gradient", "aten.mish_backward({g}, {x})"),
    "softplus": of_operand("softplus_gradient", "aten.softplus_backward({g}, {x}, 1, 40)"),
}

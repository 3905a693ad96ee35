"""Ops that have a module of torch.nn although they hold nothing: as items of a list they need one."""

from __future__ import annotations

import re
from collections.abc import Callable

from multiback.graph.ir import Equation
from multiback.porting.outline.blocks import Module
from multiback.porting.source.calls import resolve
from multiback_torch.exporter.expressions import EXPRESSIONS

_PLAIN = {
    "relu": "nn.ReLU",
    "relu6": "nn.ReLU6",
    "tanh": "nn.Tanh",
    "sigmoid": "nn.Sigmoid",
    "silu": "nn.SiLU",
    "mish": "nn.Mish",
    "selu": "nn.SELU",
    "hard_sigmoid": "nn.Hardsigmoid",
    "softsign": "nn.Softsign",
    "log_sigmoid": "nn.LogSigmoid",
    "tanh_shrink": "nn.Tanhshrink",
}


def stateless(equation: Equation) -> Module | None:
    """The module that computes an equation of one array, if there is one."""
    name = equation.op.name
    if name in _PLAIN:
        return Module(_PLAIN[name])
    rule = _RULES.get(name)
    return None if rule is None else rule(equation)


def _reshape(equation: Equation) -> Module | None:
    template = resolve(EXPRESSIONS["reshape"], equation)
    return Module("nn.Flatten") if template is not None and template.text.endswith(".flatten(1)") else None


def _gelu(equation: Equation) -> Module:
    tanh = equation.attributes["approximate"]
    return Module("nn.GELU", (("approximate", '"tanh"'),) if tanh else ())


def _pool(equation: Equation) -> Module | None:
    template = resolve(EXPRESSIONS[equation.op.name], equation)
    found = re.fullmatch(r"F\.(max|avg)_pool(\d)d\(\{inputs\}, (.*)\)", template.text) if template is not None else None
    if found is None:
        return None
    return Module(f"nn.{found[1].capitalize()}Pool{found[2]}d", ((None, found[3]),))


def _number(kind: str, attribute: str) -> Callable[[Equation], Module]:
    def rule(equation: Equation) -> Module:
        return Module(kind, ((None, repr(equation.attributes[attribute])),))

    return rule


def _softmax(kind: str) -> Callable[[Equation], Module | None]:
    def rule(equation: Equation) -> Module | None:
        axis = equation.attributes["axis"]
        return Module(kind, (("dim", repr(axis)),)) if isinstance(axis, int) else None

    return rule


_RULES: dict[str, Callable[[Equation], Module | None]] = {
    "reshape": _reshape,
    "gelu": _gelu,
    "max_pool": _pool,
    "average_pool": _pool,
    "leaky_relu": _number("nn.LeakyReLU", "negative_slope"),
    "elu": _number("nn.ELU", "alpha"),
    "celu": _number("nn.CELU", "alpha"),
    "softmax": _softmax("nn.Softmax"),
    "log_softmax": _softmax("nn.LogSoftmax"),
}

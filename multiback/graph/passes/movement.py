"""Moves of elements that cancel or meet.

transpose(transpose(x, p), q)           ->  transpose(x, p then q), or x where that is the identity
reshape(reshape(x, s), t)               ->  reshape(x, t), or x where t is its own; expand_dims alike
broadcast_to(x, its own shape)          ->  x
broadcast_to(broadcast_to(x, s), t)     ->  broadcast_to(x, t)
transpose(f(transpose(x, p), ...), q)   ->  f(x, ...)  for an elementwise f, where q undoes p
"""

from __future__ import annotations

from typing import Any

from multiback.graph.ir import Equation, Literal, Value
from multiback.graph.op import OPS
from multiback.graph.passes.rewriting import Rule, Sweep

_NAMES = (
    "abs", "add", "cast", "ceil", "clip", "cos", "divide", "elu", "equal", "erf", "exp", "expm1", "floor",
    "gelu", "greater", "hard_sigmoid", "leaky_relu", "less", "log", "log1p", "maximum", "minimum", "multiply",
    "negative", "power", "reciprocal", "relu", "relu6", "round", "rsqrt", "selu", "sigmoid", "sign", "silu",
    "sin", "softplus", "softsign", "sqrt", "square", "stop_gradient", "subtract", "tanh", "where",
)  # fmt: skip
ELEMENTWISE = frozenset(_NAMES)
"""Ops whose result at a place depends on their operands at this place only."""


def _transpose(equation: Equation, sweep: Sweep) -> Any:
    x, axes = equation.inputs[0], equation.attributes["axes"]
    if axes == tuple(range(len(axes))):
        return x
    inner = sweep.maker(x, "transpose")
    if inner is not None:
        composed = tuple(inner.attributes["axes"][a] for a in axes)
        return equation.replace(inputs=inner.inputs, attributes={"axes": composed})
    return _between(equation, sweep)


def _between(equation: Equation, sweep: Sweep) -> Any:
    """An elementwise op whose operands of full rank are all moved in the way that this transpose undoes."""
    middle = sweep.made.get(equation.inputs[0])
    if middle is None or middle.op.name not in ELEMENTWISE or not sweep.used_once(equation.inputs[0]):
        return None
    back = equation.attributes["axes"]
    sources = []
    for x in middle.inputs:
        source = _unmoved(x, back, sweep)
        if source is None:
            return None
        sources.append(source)
    if not any(a is not b for a, b in zip(sources, middle.inputs)):
        return None
    return middle.replace(inputs=tuple(sources), outputs=equation.outputs)


def _unmoved(x: Any, back: tuple[int, ...], sweep: Sweep) -> Any:
    """What an operand is once `back` is applied to it, if that needs no move."""
    if isinstance(x, Literal) or (isinstance(x, Value) and all(n == 1 for n in x.shape) and x.ndim == 0):
        return x
    inner = sweep.maker(x, "transpose")
    if inner is None:
        return None
    axes = inner.attributes["axes"]
    undone = len(axes) == len(back) and all(axes[b] == i for i, b in enumerate(back))
    return inner.inputs[0] if undone else None


def _reshape(equation: Equation, sweep: Sweep) -> Any:
    x = equation.inputs[0]
    if isinstance(x, Literal):
        return None
    shape = equation.flat_outputs[0].shape
    if x.shape == shape:  # type: ignore[union-attr]
        return x
    inner = sweep.maker(x, *_RESHAPES)
    if inner is None or isinstance(inner.inputs[0], Literal):
        return None
    if inner.inputs[0].shape == shape:  # type: ignore[union-attr]
        return inner.inputs[0]
    return equation.replace(op=OPS["reshape"], inputs=inner.inputs, attributes={"newshape": shape})


def _broadcast(equation: Equation, sweep: Sweep) -> Any:
    x = equation.inputs[0]
    if isinstance(x, Literal):
        return None
    if x.shape == equation.flat_outputs[0].shape:  # type: ignore[union-attr]
        return x
    inner = sweep.maker(x, "broadcast_to")
    return None if inner is None else equation.replace(inputs=inner.inputs)


_RESHAPES = ("reshape", "expand_dims", "squeeze", "ravel")

RULES: dict[str, Rule] = {
    **dict.fromkeys(_RESHAPES, _reshape),
    "transpose": _transpose,
    "broadcast_to": _broadcast,
}

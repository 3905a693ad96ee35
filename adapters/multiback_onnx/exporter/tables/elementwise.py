"""Functions of single elements."""

from __future__ import annotations

import math
from typing import Any

from multiback import dtypes
from multiback.graph.ir import Equation, Literal, Value
from multiback_onnx.exporter.emitter import Call, View, element_type
from multiback_onnx.exporter.tables import writes


def unary(call: Call, op: str, x: Any, **attributes: Any) -> View:
    """A node of one operand, whose axes stay as they lie."""
    if isinstance(x, Literal):
        return View(call.emitter.node(op, [call.emitter.name(x)], **attributes))
    view = call.emitter.view(x)
    return View(call.emitter.node(op, [view.name], **attributes), view.order)


def together(call: Call, *operands: Any) -> tuple[list[str], tuple[int, ...] | None]:
    """Names of operands that are combined element by element, and the order in which their axes lie.

    Where whole arrays lie in one order they stay so; vectors along the last axis are put beside it.
    """
    e = call.emitter
    rank = max((x.ndim for x in operands), default=0)
    whole = [x for x in operands if isinstance(x, Value) and x.ndim == rank]
    orders = {e.view(x).order for x in whole}
    order = next(iter(orders)) if len(orders) == 1 else None
    if order is None or any(x.ndim not in (0, 1, rank) for x in operands):
        return [e.name(x) for x in operands], None
    names = []
    for x in operands:
        if x in whole:
            names.append(e.view(x).name)
        elif x.ndim == 1 and order[-1] != rank - 1:
            names.append(e.node("Unsqueeze", [e.name(x), e.integers(*range(1, rank - order[-1]))]))
        else:
            names.append(e.name(x))
    return names, order


def combined(call: Call, op: str, *operands: Any, **attributes: Any) -> View:
    """A node of several operands that broadcast."""
    names, order = together(call, *operands)
    return View(call.emitter.node(op, names, **attributes), order)


def _float_only(equation: Equation, opset: int) -> bool:
    return equation.flat_outputs[0].dtype.is_float


_UNARY = {
    "negative": "Neg", "abs": "Abs", "sqrt": "Sqrt", "exp": "Exp", "log": "Log", "erf": "Erf", "sin": "Sin",
    "cos": "Cos", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "arcsinh": "Asinh", "floor": "Floor",
    "round_half_even": "Round",
}  # fmt: skip
_UNARY_COMPOSITES = {
    "ceil": "Ceil", "reciprocal": "Reciprocal", "arccosh": "Acosh", "arctanh": "Atanh", "tan": "Tan", "arcsin": "Asin",
    "arccos": "Acos", "arctan": "Atan",
}  # fmt: skip


_ROUNDING = ("Floor", "Round")


def _register(op: str, name: str, **more: Any) -> None:
    @writes(op, **more)
    def _(call: Call, x: Any) -> Any:
        if name in _ROUNDING and not x.dtype.is_float:
            return _stop_gradient(call, x)
        return unary(call, name, x)


for _op, _name in _UNARY.items():
    _register(_op, _name)
for _op, _name in _UNARY_COMPOSITES.items():
    _register(_op, _name, when=_float_only)
for _op, _name in {"isnan": "IsNaN", "isinf": "IsInf"}.items():
    _register(_op, _name, when=lambda equation, opset: equation.flat_inputs[0].dtype.is_float)


@writes("sign")
def _sign(call: Call, x: Any) -> View:
    found = unary(call, "Sign", x)
    if not call.out.dtype.is_float:
        return found
    names = [call.emitter.node("IsNaN", [call.emitter.view(x).name]), call.emitter.view(x).name, found.name]
    return View(call.emitter.node("Where", names), found.order)


@writes("signbit")
def _signbit(call: Call, x: Any) -> Any:
    e, like = call.emitter, x.dtype
    name = e.name(x)
    zero = e.number(0, like)
    below = e.node("Less", [e.node("Reciprocal", [name]), zero])
    return e.node("Or", [e.node("Less", [name, zero]), e.node("And", [e.node("Equal", [name, zero]), below])])


@writes("stop_gradient")
def _stop_gradient(call: Call, variable: Any) -> Any:
    return call.emitter.view(variable) if isinstance(variable, Value) else call.emitter.name(variable)


@writes("positive")
def _positive(call: Call, x: Any) -> Any:
    return call.emitter.view(x) if isinstance(x, Value) else call.emitter.name(x)


@writes("cast")
def _cast(call: Call, x: Any, dtype: Any) -> Any:
    if x.dtype == dtype:
        return _stop_gradient(call, x)
    if x.dtype.is_float and dtype == dtypes.bool_:
        zero = call.emitter.number(0, x.dtype)
        return call.emitter.node("Not", [call.emitter.node("Equal", [call.emitter.name(x), zero])])
    return unary(call, "Cast", x, to=element_type(dtype))


@writes("dimension")
def _dimension(call: Call, size: Any, dtype: Any) -> str:
    scalar = call.emitter.node("Squeeze", [call.emitter.size(size), call.emitter.integers(0)])
    return scalar if dtype == dtypes.int64 else call.emitter.cast(scalar, dtype)


@writes("divide")
def _divide(call: Call, x1: Any, x2: Any) -> View:
    return combined(call, "Div", x1, x2)


@writes("square", when=_float_only)
def _square(call: Call, x: Any) -> View:
    return combined(call, "Mul", x, x)


@writes("rsqrt", when=_float_only)
def _rsqrt(call: Call, x: Any) -> View:
    root = unary(call, "Sqrt", x)
    return View(call.emitter.node("Reciprocal", [root.name]), root.order)


@writes("expm1")
def _expm1(call: Call, x: Any) -> View:
    """exp(x) - 1 by the quotient that keeps small results exact: (u - 1) x / log(u), u = exp(x)."""
    e, like = call.emitter, call.out.dtype
    u = unary(call, "Exp", x)
    given = e.view(x).name
    one, less = e.number(1, like), e.node("Sub", [u.name, e.number(1, like)])
    near = e.node("Div", [e.node("Mul", [less, given]), e.node("Log", [u.name])])
    tiny = e.node("Equal", [u.name, one])
    # Far from 0 the plain difference is exact enough, and stays finite where the logarithm is not.
    small = e.node("Less", [e.node("Abs", [given]), one])
    return View(e.node("Where", [tiny, given, e.node("Where", [small, near, less])]), u.order)


@writes("log1p")
def _log1p(call: Call, x: Any) -> View:
    """log(1 + x) by the quotient that keeps small results exact: log(u) x / (u - 1), u = 1 + x."""
    e, like = call.emitter, call.out.dtype
    view = e.view(x)
    one = e.number(1, like)
    u = e.node("Add", [view.name, one])
    plain = e.node("Log", [u])
    near = e.node("Div", [e.node("Mul", [plain, view.name]), e.node("Sub", [u, one])])
    tiny, small = e.node("Equal", [u, one]), e.node("Less", [e.node("Abs", [view.name]), one])
    return View(e.node("Where", [tiny, view.name, e.node("Where", [small, near, plain])]), view.order)


@writes("arctan2")
def _arctan2(call: Call, x1: Any, x2: Any) -> str:
    """The angle of the point (x2, x1), from the arc tangent of the quotient and the quadrant."""
    e, like = call.emitter, call.out.dtype
    y, x = e.name(x1), e.name(x2)
    zero, one = e.number(0, like), e.number(1, like)

    def negative(a: str) -> str:
        beneath = e.node("And", [e.node("Equal", [a, zero]), e.node("Less", [e.node("Reciprocal", [a]), zero])])
        return e.node("Or", [e.node("Less", [a, zero]), beneath])

    left, down = negative(x), negative(y)
    both_zero = e.node("And", [e.node("Equal", [x, zero]), e.node("Equal", [y, zero])])
    both_far = e.node("And", [e.node("IsInf", [x]), e.node("IsInf", [y])])
    sizes = [e.node("Abs", [y]), e.node("Abs", [x])]
    sizes = [e.node("Where", [both_far, one, s]) for s in sizes]
    steep = e.node("Greater", [sizes[0], sizes[1]])
    low, high = e.node("Where", [steep, sizes[1], sizes[0]]), e.node("Where", [steep, sizes[0], sizes[1]])
    angle = e.node("Atan", [e.node("Div", [low, e.node("Where", [both_zero, one, high])])])
    angle = e.node("Where", [steep, e.node("Sub", [e.number(math.pi / 2, like), angle]), angle])
    angle = e.node("Where", [left, e.node("Sub", [e.number(math.pi, like), angle]), angle])
    return e.node("Where", [down, e.node("Neg", [angle]), angle])


@writes("where")
def _where(call: Call, condition: Any, x1: Any, x2: Any) -> Any:
    e = call.emitter
    if call.out.dtype == dtypes.bool_:
        c, a, b = (e.name(x) for x in (condition, x1, x2))
        return e.node("Or", [e.node("And", [c, a]), e.node("And", [e.node("Not", [c]), b])])
    return combined(call, "Where", condition, x1, x2)


@writes(
    "clip",
    when=lambda equation, opset: (
        equation.flat_outputs[0].dtype.is_float and all(isinstance(x, Literal) for x in equation.inputs[1:])
    ),
)
def _clip(call: Call, x: Any, x_min: Any, x_max: Any) -> View:
    if isinstance(x, Literal):
        return View(call.emitter.node("Clip", [call.emitter.name(v) for v in (x, x_min, x_max)]))
    view = call.emitter.view(x)
    names = [call.emitter.number(v.value, x.dtype) for v in (x_min, x_max)]
    return View(call.emitter.node("Clip", [view.name, *names]), view.order)


def _of_bools(equation: Equation, opset: int) -> bool:
    return all(x.dtype == dtypes.bool_ for x in equation.flat_inputs)


for _op, _name in {"logical_and": "And", "logical_or": "Or", "logical_xor": "Xor"}.items():

    @writes(_op, when=_of_bools)
    def _logical(call: Call, x1: Any, x2: Any, _name: str = _name) -> View:
        return combined(call, _name, x1, x2)


@writes("logical_not", when=_of_bools)
def _logical_not(call: Call, x: Any) -> View:
    return unary(call, "Not", x)

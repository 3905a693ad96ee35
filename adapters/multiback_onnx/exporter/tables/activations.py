"""Activation functions that ONNX has under a name."""

from __future__ import annotations

from typing import Any

from multiback.graph.ir import Equation
from multiback_onnx.exporter.emitter import Call, View
from multiback_onnx.exporter.tables import single, writes
from multiback_onnx.exporter.tables.elementwise import unary

SELU = (1.6732632423543772, 1.0507009873554805)


def _floats(equation: Equation, opset: int) -> bool:
    return equation.flat_outputs[0].dtype.is_float


for _op, _name in {"relu": "Relu", "sigmoid": "Sigmoid", "softplus": "Softplus", "softsign": "Softsign"}.items():

    @writes(_op, when=_floats)
    def _plain(call: Call, x: Any, _name: str = _name) -> View:
        return unary(call, _name, x)


@writes("silu", when=_floats)
def _silu(call: Call, x: Any) -> View:
    gate = unary(call, "Sigmoid", x)
    return View(call.emitter.node("Mul", [call.emitter.view(x).name, gate.name]), gate.order)


@writes("relu6", when=_floats)
def _relu6(call: Call, x: Any) -> View:
    view = call.emitter.view(x)
    bounds = [call.emitter.number(n, x.dtype) for n in (0, 6)]
    return View(call.emitter.node("Clip", [view.name, *bounds]), view.order)


@writes("leaky_relu", when=lambda equation, _: single(equation, equation.attributes["negative_slope"]))
def _leaky_relu(call: Call, x: Any, negative_slope: float) -> View:
    return unary(call, "LeakyRelu", x, alpha=float(negative_slope))


@writes("elu", when=lambda equation, _: single(equation, equation.attributes["alpha"]))
def _elu(call: Call, x: Any, alpha: float) -> View:
    return unary(call, "Elu", x, alpha=float(alpha))


@writes("selu", when=lambda equation, _: single(equation, *SELU))
def _selu(call: Call, x: Any) -> View:
    return unary(call, "Selu", x, alpha=SELU[0], gamma=SELU[1])


@writes("hard_sigmoid", when=lambda equation, _: single(equation, 1 / 6))
def _hard_sigmoid(call: Call, x: Any) -> View:
    return unary(call, "HardSigmoid", x, alpha=1 / 6, beta=0.5)


@writes("hard_silu", when=lambda equation, _: single(equation, 1 / 6))
def _hard_silu(call: Call, x: Any) -> View:
    gate = unary(call, "HardSigmoid", x, alpha=1 / 6, beta=0.5)
    return View(call.emitter.node("Mul", [call.emitter.view(x).name, gate.name]), gate.order)


@writes("mish", when=_floats)
def _mish(call: Call, x: Any) -> View:
    return unary(call, "Mish", x)


@writes("gelu", when=lambda equation, opset: opset >= 20 and _floats(equation, opset))
def _gelu(call: Call, x: Any, approximate: bool) -> View:
    return unary(call, "Gelu", x, approximate="tanh" if approximate else "none")


def _one_axis(equation: Equation, opset: int) -> bool:
    axis = equation.attributes["axis"]
    return _floats(equation, opset) and (isinstance(axis, int) or (isinstance(axis, tuple) and len(axis) == 1))


for _op, _name in {"softmax": "Softmax", "log_softmax": "LogSoftmax"}.items():

    @writes(_op, when=_one_axis)
    def _softmax(call: Call, x: Any, axis: Any, _name: str = _name) -> str:
        return call.emitter.node(_name, [call.emitter.name(x)], axis=axis if isinstance(axis, int) else axis[0])

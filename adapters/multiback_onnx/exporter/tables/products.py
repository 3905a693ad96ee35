"""Products of matrices."""

from __future__ import annotations

from typing import Any

from multiback import dtypes
from multiback.graph.ir import Equation, Value
from multiback_onnx.exporter.emitter import Call
from multiback_onnx.exporter.tables import writes
from multiback_onnx.exporter.tables.integers import is_narrow, narrowed


@writes("matmul")
def _matmul(call: Call, x1: Any, x2: Any) -> str:
    e, narrow = call.emitter, is_narrow(call.out.dtype)
    names = [e.cast(e.name(x), dtypes.int64) if narrow else e.name(x) for x in (x1, x2)]
    return narrowed(call, e.node("MatMul", names), call.out.dtype)


def _is_gemm(equation: Equation, opset: int) -> bool:
    x, kernel, bias = equation.inputs
    plain = equation.attributes["activation"] == "linear" and bias is not None
    return plain and all(isinstance(v, Value) and v.dtype.is_float for v in (x, kernel, bias)) and x.ndim == 2  # type: ignore[union-attr]


@writes("linear", when=_is_gemm)
def _linear(call: Call, x: Any, kernel: Any, bias: Any, activation: str) -> str:
    """One node; a transposed operand, such as the weights of torch, is left as it lies."""
    e, names, turned = call.emitter, [], []
    for operand in (x, kernel):
        view = e.view(operand)
        names.append(view.name)
        turned.append(int(view.order == (1, 0)))
    return e.node("Gemm", [*names, e.name(bias)], transA=turned[0] or None, transB=turned[1] or None)


@writes("einsum")
def _einsum(call: Call, operands: Any, subscripts: str) -> str:
    return call.emitter.node("Einsum", [call.emitter.name(x) for x in operands], equation=subscripts)

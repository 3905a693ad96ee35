"""Maxima and means over windows."""

from __future__ import annotations

from typing import Any

from multiback.graph.dims import Dim
from multiback.graph.ir import Equation
from multiback.ops import _windows as windows
from multiback_onnx.exporter.emitter import Call, View
from multiback_onnx.exporter.tables import writes
from multiback_onnx.exporter.tables.convolution import channels_first, given_back, pads_of


def _floats(equation: Equation, opset: int) -> bool:
    return equation.flat_outputs[0].dtype.is_float


def _padding(inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: str) -> Any:
    if padding == "valid":
        return padding
    sizes = windows.spatial(inputs.shape, data_format)
    pads = tuple(windows.same_pads(n, k, s) for n, k, s in zip(sizes, pool_size, strides))
    return "same" if any(isinstance(n, Dim) for pair in pads for n in pair) else pads


def _pooling(op: str, name: str, **fixed: Any) -> None:
    @writes(op, when=_floats)
    def _(call: Call, inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: str) -> View:
        e, rank = call.emitter, inputs.ndim
        operand = e.arranged(inputs, channels_first(rank, data_format))
        pads = pads_of(_padding(inputs, pool_size, strides, padding, data_format), rank - 2)
        found = e.node(name, [operand], kernel_shape=list(pool_size), strides=list(strides), **pads, **fixed)
        return given_back(found, rank, data_format)


_pooling("max_pool", "MaxPool")
_pooling("average_pool", "AveragePool", count_include_pad=0)

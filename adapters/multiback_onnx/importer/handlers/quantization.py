"""Quantized arithmetic in integers of 8 bits and more: q = round(x / scale) + zero point, limited to the dtype."""

from __future__ import annotations

from typing import Any

from multiback import dtypes, ops
from multiback.graph.dims import product
from multiback_onnx.importer.files import dtype_of as element_type
from multiback_onnx.importer.handlers.convolution import convolved
from multiback_onnx.importer.node import Node, array, axis_index, dtype_of
from multiback_onnx.importer.registry import handler


def _per_axis(node: Node, scale: Any, x: Any) -> Any:
    """A scale or zero point in a shape that broadcasts with x: one number, one per element of an axis, or per block."""
    if scale.ndim == 0 or (scale.ndim == 1 and scale.shape[0] == 1):
        return ops.reshape(scale, ())
    axis = axis_index(node.get("axis", 1), x.ndim)
    block = node.get("block_size", 0)
    if block:
        wide = ops.repeat(scale, block, axis)
        if wide.shape[axis] != x.shape[axis]:
            wide = wide[tuple(slice(0, x.shape[axis]) if i == axis else slice(None) for i in range(x.ndim))]
        return wide
    return ops.reshape(scale, tuple(x.shape[i] if i == axis else 1 for i in range(x.ndim)))


def quantized(x: Any, scale: Any, zero: Any, dtype: dtypes.DType) -> Any:
    """x in integers."""
    whole = ops.round(ops.divide(x, scale))
    if zero is not None:
        whole = ops.add(whole, ops.cast(zero, dtype_of(whole)))
    return ops.saturate_cast(whole, dtype)


@handler("QuantizeLinear", 10, constants=(1, 2))
def quantize_linear(node: Node, x: Any, scale: Any, zero: Any = None) -> Any:
    """Floats in integers."""
    x, scale = array(x), array(scale)
    dtype = dtypes.uint8 if zero is None else dtype_of(zero)
    if zero is None and node.get("output_dtype"):
        dtype = element_type(node.get("output_dtype"))
    precision = node.get("precision")
    work = element_type(precision) if precision else dtype_of(scale)
    if not dtype_of(x).is_float:
        x = ops.cast(x, "float32")
    if dtype_of(x) != work:
        x, scale = ops.cast(x, work), ops.cast(scale, work)
    zero = None if zero is None else _per_axis(node, array(zero), x)
    if work in ("float16", "bfloat16"):
        # The sum with a zero point of 16 bits would be rounded in half precision.
        whole = ops.cast(ops.round(ops.divide(x, _per_axis(node, scale, x))), "float32")
        whole = whole if zero is None else ops.add(whole, ops.cast(zero, "float32"))
        return ops.saturate_cast(whole, dtype)
    return quantized(x, _per_axis(node, scale, x), zero, dtype)


@handler("DequantizeLinear", 10, constants=(1, 2))
def dequantize_linear(node: Node, x: Any, scale: Any, zero: Any = None) -> Any:
    """(x - zero point) * scale."""
    x, scale = array(x), array(scale)
    dtype = element_type(node.get("output_dtype")) if node.get("output_dtype") else dtype_of(scale)
    whole = ops.cast(x, "int32")
    if zero is not None:
        whole = ops.subtract(whole, ops.cast(_per_axis(node, array(zero), x), "int32"))
    wide = "float32" if dtype_of(scale) in ("float16", "bfloat16") else dtype_of(scale)
    product = ops.multiply(ops.cast(whole, wide), ops.cast(_per_axis(node, scale, x), wide))
    return ops.cast(product, dtype) if dtype_of(product) != dtype else product


@handler("DynamicQuantizeLinear", 11)
def dynamic_quantize_linear(node: Node, x: Any) -> Any:
    """Floats in uint8, with the scale and zero point that their range asks for."""
    x = array(x)
    low, high = ops.minimum(ops.min(x), 0.0), ops.maximum(ops.max(x), 0.0)
    scale = ops.divide(ops.subtract(high, low), 255.0)
    zero = ops.saturate_cast(ops.round(ops.divide(ops.negative(low), scale)), "uint8")
    return quantized(x, scale, zero, dtypes.uint8), scale, zero


def _centred(x: Any, zero: Any, shape: Any = None) -> Any:
    """Integers less their zero point, in int32."""
    whole = ops.cast(x, "int32")
    if zero is None:
        return whole
    zero = ops.cast(array(zero), "int32")
    return ops.subtract(whole, zero if shape is None or zero.ndim == 0 else ops.reshape(zero, shape(zero)))


def _integer_matmul(a: Any, b: Any, a_zero: Any, b_zero: Any) -> Any:
    rows = _centred(array(a), a_zero, lambda z: (*z.shape, 1) if z.ndim == 1 and z.shape[0] != 1 else z.shape)
    return ops.matmul(rows, _centred(array(b), b_zero))


@handler("MatMulInteger", 10)
def matmul_integer(node: Node, a: Any, b: Any, a_zero: Any = None, b_zero: Any = None) -> Any:
    """Matrix product of integers in int32."""
    return _integer_matmul(a, b, a_zero, b_zero)


@handler("QLinearMatMul", 10, constants=(1, 2, 4, 5, 6, 7))
def qlinear_matmul(
    node: Node, a: Any, a_scale: Any, a_zero: Any, b: Any, b_scale: Any, b_zero: Any, scale: Any, zero: Any
) -> Any:
    """Matrix product of quantized numbers, quantized."""
    whole = _integer_matmul(a, b, a_zero, b_zero)
    factor = ops.divide(
        ops.multiply(ops.cast(array(a_scale), "float32"), ops.cast(array(b_scale), "float32")),
        ops.cast(array(scale), "float32"),
    )
    rounded = ops.round(ops.multiply(ops.cast(whole, "float32"), factor))
    return ops.saturate_cast(ops.add(rounded, ops.cast(array(zero), "float32")), dtype_of(zero))


def _exact_convolution(node: Node, x: Any, kernel: Any) -> Any:
    """The convolution of integers below 2^9 in magnitude, in floats that hold all its sums."""
    terms = product(kernel.shape[1:])
    wide = "float32" if isinstance(terms, int) and terms * 2**18 <= 2**24 else "float64"
    return ops.cast(convolved(node, ops.cast(x, wide), ops.cast(kernel, wide)), "int32")


@handler("ConvInteger", 10)
def conv_integer(node: Node, x: Any, kernel: Any, x_zero: Any = None, kernel_zero: Any = None) -> Any:
    """Convolution of integers in int32."""
    kernel = array(kernel)
    per_filter = lambda z: (z.shape[0], *[1] * (kernel.ndim - 1))  # noqa: E731
    return _exact_convolution(node, _centred(array(x), x_zero), _centred(kernel, kernel_zero, per_filter))


@handler("QLinearConv", 10, constants=(1, 2, 4, 5, 6, 7))
def qlinear_conv(
    node: Node,
    x: Any,
    x_scale: Any,
    x_zero: Any,
    kernel: Any,
    kernel_scale: Any,
    kernel_zero: Any,
    scale: Any,
    zero: Any,
    bias: Any = None,
) -> Any:
    """Convolution of quantized numbers, quantized."""
    kernel = array(kernel)
    space = kernel.ndim - 2
    per_filter = lambda z: (z.shape[0], *[1] * (kernel.ndim - 1))  # noqa: E731
    whole = _exact_convolution(node, _centred(array(x), x_zero), _centred(kernel, kernel_zero, per_filter))
    if bias is not None:
        whole = ops.add(whole, ops.reshape(array(bias), (1, -1, *[1] * space)))
    factor = ops.divide(ops.multiply(array(x_scale), array(kernel_scale)), array(scale))
    if factor.ndim == 1:
        factor = ops.reshape(factor, (1, -1, *[1] * space))
    rounded = ops.round(ops.multiply(ops.cast(whole, "float32"), factor))
    return ops.saturate_cast(ops.add(rounded, ops.cast(array(zero), "float32")), dtype_of(zero))

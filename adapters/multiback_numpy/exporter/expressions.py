"""How each op is written in NumPy."""

from __future__ import annotations

from multiback.graph.ir import Equation
from multiback.porting.source.calls import MISSING, Call, Entry, When, named_padding, new_shape
from multiback.porting.source.conditions import between_numbers, is_float, known_cuts, wide, wide_float, wide_on_last
from multiback_numpy.exporter.helpers.attention import attention
from multiback_numpy.exporter.helpers.control import cond, scan, while_loop
from multiback_numpy.exporter.helpers.elementwise import (
    elu,
    erf,
    floor_divide,
    gelu,
    integer_power,
    log_softmax,
    remainder,
    sigmoid,
    softmax,
    softplus,
)
from multiback_numpy.exporter.helpers.indexing import scatter_rows, take, take_along_axis
from multiback_numpy.exporter.helpers.normalization import batch_norm, layer_norm, rms_norm
from multiback_numpy.exporter.helpers.recurrent import gru, lstm, simple_rnn
from multiback_numpy.exporter.helpers.windows import average_pool, conv, depthwise_conv, max_pool

_ACTIVATIONS = {
    "linear": "lambda x: x",
    "tanh": "np.tanh",
    "sigmoid": "sigmoid",
    "relu": "lambda x: np.maximum(x, 0)",
    "exponential": "np.exp",
}
_GATES = {"activation": "tanh", "recurrent_activation": "sigmoid"}
_RECURRENT = dict.fromkeys(_GATES, _ACTIVATIONS)
_AXES = {"axis": None, "keepdims": False}


def _known_activations(equation: Equation) -> bool:
    return all(equation.attributes.get(n, "tanh") in _ACTIVATIONS for n in _GATES)


_OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "equal": "==", "not_equal": "!=", "less": "<",
    "less_equal": "<=", "greater": ">", "greater_equal": ">=", "bitwise_and": "&", "bitwise_or": "|",
    "bitwise_xor": "^",
}  # fmt: skip
_SAME_NAMES = (
    "sqrt exp expm1 log log1p sin cos sinh cosh tanh arcsinh tan arcsin arccos arctan arccosh arctanh floor ceil real "
    "imag conj signbit sign logical_and logical_or logical_xor logical_not isnan isinf isfinite square exp2 log2 log10 "
    "logaddexp ravel dot inner outer vdot copysign maximum minimum arctan2"
)

EXPRESSIONS: dict[str, Entry] = {
    **{name: f"{{x1}} {sign} {{x2}}" for name, sign in _OPERATORS.items() if not name.startswith("bitwise")},
    **{name: f"{{x}} {sign} {{y}}" for name, sign in _OPERATORS.items() if name.startswith("bitwise")},
    **{name: Call(f"np.{name}") for name in _SAME_NAMES.split()},
    # arithmetic
    "negative": "-{x:array}",
    "abs": "np.abs({x:array})",
    "floor_divide": Call(floor_divide),
    "remainder": Call(remainder),
    "power": When("{x1} ** {x2}", is_float, Call(integer_power)),
    "reciprocal": When("1 / {x}", is_float),
    "positive": "{x}",
    "rsqrt": "1 / np.sqrt({x})",
    "erf": Call(erf),
    "clip": When(Call("np.clip"), between_numbers),
    "round_half_even": "np.round({x:array})",
    "bitwise_invert": "~{x:array}",
    "bitwise_left_shift": "np.left_shift({x:array}, {y})",
    "bitwise_right_shift": "np.right_shift({x:array}, {y})",
    "complex": "{real} + 1j * {imag}",
    "where": "np.where({condition:array}, {x1:array}, {x2:array})",
    "cast": "{x:array}.astype({dtype})",
    "stop_gradient": "{variable}",
    "bitcast": "np.ascontiguousarray({x:array}).view({dtype})",
    # activations
    "relu": When("np.maximum({x}, 0)", is_float),
    "relu6": When("np.clip({x}, 0, 6)", is_float),
    "leaky_relu": "np.where({x} > 0, {x}, {x} * {negative_slope})",
    "elu": When(Call(elu), is_float),
    "gelu": When(Call(gelu), wide_float),
    "sigmoid": When(Call(sigmoid), wide_float),
    "softplus": When(Call(softplus), wide_float),
    "softmax": When(Call(softmax), wide_float),
    "log_softmax": When(Call(log_softmax), wide_float),
    # shapes
    "reshape": Call("np.reshape", positional=("newshape",), values={"newshape": new_shape}),
    "transpose": "np.transpose({x:array}, {axes})",
    "broadcast_to": "np.broadcast_to({x:array}, {shape})",
    "expand_dims": Call("np.expand_dims", positional=("axis",)),
    "squeeze": Call("np.squeeze", arguments={"axis": None}),
    "moveaxis": Call("np.moveaxis", positional=("source", "destination")),
    "swapaxes": Call("np.swapaxes", positional=("axis1", "axis2")),
    "stack": Call("np.stack", arguments={"axis": 0}),
    "concatenate": Call("np.concatenate", arguments={"axis": 0}),
    "split": When(Call("np.split", positional=("indices_or_sections",), arguments={"axis": 0}), known_cuts),
    "tile": Call("np.tile", positional=("repeats",)),
    "repeat": Call("np.repeat", positional=("repeats",), arguments={"axis": None}),
    "flip": Call("np.flip", arguments={"axis": None}),
    "roll": Call("np.roll", positional=("shift",), arguments={"axis": None}),
    "constant_pad": When(
        Call("np.pad", positional=("pad_width",), arguments={"value": 0}, names={"value": "constant_values"}),
        lambda e: bool(e.attributes["pad_width"]),
        "{x}",
    ),
    # indexing
    "getitem": "{x}[{key:index}]",
    "take": Call(take),
    "take_along_axis": Call(take_along_axis),
    "scatter_rows": Call(scatter_rows),
    # made from sizes and numbers
    "iota": "np.arange({size}, dtype=np.int32)",
    "dimension": "np.asarray({size}, {dtype})",
    "zeros": Call("np.zeros", positional=("shape",), arguments={"dtype": MISSING}),
    "ones": Call("np.ones", positional=("shape",), arguments={"dtype": MISSING}),
    "tril": Call("np.tril", arguments={"k": 0}),
    "triu": Call("np.triu", arguments={"k": 0}),
    # reductions
    "sum": When(
        Call("np.sum", arguments=_AXES),
        wide_float,
        When(
            "np.sum({x:array}, {axis}, np.float32, keepdims={keepdims}).astype({output_dtype})",
            is_float,
            "np.sum({x:array}, {axis}, {output_dtype}, keepdims={keepdims})",
        ),
    ),
    "prod": "np.prod({x:array}, {axis}, {output_dtype}, keepdims={keepdims})",
    "amax": Call("np.max", arguments=_AXES),
    "amin": Call("np.min", arguments=_AXES),
    "any": Call("np.any", arguments=_AXES),
    "all": Call("np.all", arguments=_AXES),
    "mean": When(Call("np.mean", arguments=_AXES), wide_float),
    "var": When(Call("np.var", arguments=_AXES), wide_float),
    "std": When(Call("np.std", arguments=_AXES), wide_float),
    "argmax": Call("np.argmax", arguments=_AXES, suffix=".astype(np.int32)"),
    "argsort": 'np.argsort({x:array}, {axis}, kind="stable").astype(np.int32)',
    "cumulative_sum": When(
        "np.flip(np.cumsum(np.flip({x:array}, {axis}), {axis}, {output_dtype}), {axis})",
        lambda e: e.attributes["reverse"],
        "np.cumsum({x:array}, {axis}, {output_dtype})",
    ),
    "cumulative_prod": When(
        "np.flip(np.cumprod(np.flip({x:array}, {axis}), {axis}, {output_dtype}), {axis})",
        lambda e: e.attributes["reverse"],
        "np.cumprod({x:array}, {axis}, {output_dtype})",
    ),
    # products
    "matmul": "{x1} @ {x2}",
    "einsum": "np.einsum({subscripts}, {operands:args})",
    "tensordot": Call("np.tensordot", arguments={"axes": 2}),
    "cholesky_factor": "np.linalg.cholesky({x:array})",
    "eigen_factors": "np.linalg.eigh({x:array})",
    "orthogonal_factors": "np.linalg.qr({x:array}, {mode})",
    "singular_factors": "np.linalg.svd({x:array}, {full_matrices})",
    "linear_solution": "np.linalg.solve({x1:array}, {x2:array})",
    "slogdet": "np.linalg.slogdet({x:array})",
    "fourier_transform": When("np.fft.ifft({x:array})", lambda e: e.attributes["inverse"], "np.fft.fft({x:array})"),
    # control
    "cond": cond,
    "while_loop": while_loop,
    "scan": scan,
    # layers
    "conv": Call(conv, values={"padding": named_padding}),
    "depthwise_conv": Call(depthwise_conv, values={"padding": named_padding}),
    "max_pool": When(Call(max_pool), is_float),
    "average_pool": When(Call(average_pool), wide),
    "layer_normalization": When(Call(layer_norm, names={"gamma": "scale", "beta": "offset"}), wide_on_last),
    "rms_normalization": When(Call(rms_norm), wide_on_last),
    "batch_normalization": When(Call(batch_norm), wide),
    "dot_product_attention": When(
        Call(attention, arguments={"attn_logits_soft_cap": None}, names={"attn_logits_soft_cap": "soft_cap"}), wide
    ),
    "lstm": When(Call(lstm, arguments=_GATES, values=_RECURRENT), _known_activations),
    "gru": When(Call(gru, arguments=_GATES, values=_RECURRENT), _known_activations),
    "simple_rnn": When(Call(simple_rnn, arguments={"activation": "tanh"}, values=_RECURRENT), _known_activations),
    "sort": Call("np.sort", arguments={"axis": -1}),
}
"""From the name of an op; what is not here is written as the op's body."""

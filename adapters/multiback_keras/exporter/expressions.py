"""How each op is written in keras.ops, for every backend of Keras."""

from __future__ import annotations

from multiback.graph.ir import Equation
from multiback.porting.source.calls import MISSING, Call, Entry, When, named_padding, new_shape
from multiback.porting.source.conditions import between_numbers, is_float, known_cuts, wide, wide_float, wide_on_last
from multiback_keras.exporter.helpers.attention import attention
from multiback_keras.exporter.helpers.control import cond, scan, while_loop
from multiback_keras.exporter.helpers.indexing import scatter_rows, take, take_along_axis
from multiback_keras.exporter.helpers.normalization import batch_norm, batch_norm_train, layer_norm, rms_norm
from multiback_keras.exporter.helpers.recurrent import gru, lstm, simple_rnn
from multiback_keras.exporter.helpers.windows import average_pool, conv, conv_transpose, depthwise_conv, max_pool

_ACTIVATIONS = {
    "linear": "lambda x: x",
    "tanh": "ops.tanh",
    "sigmoid": "ops.sigmoid",
    "relu": "ops.relu",
    "softplus": "ops.softplus",
    "hard_sigmoid": "ops.hard_sigmoid",
    "silu": "ops.silu",
    "exponential": "ops.exp",
}
_GATES = {"activation": "tanh", "recurrent_activation": "sigmoid"}
_RECURRENT = dict.fromkeys(_GATES, _ACTIVATIONS)
_AXES = {"axis": None, "keepdims": False}


def _known_activations(equation: Equation) -> bool:
    return all(equation.attributes.get(n, "tanh") in _ACTIVATIONS for n in _GATES)


def _one_axis(equation: Equation) -> bool:
    return isinstance(equation.attributes["axis"], int)


def _unspread(equation: Equation) -> bool:
    """Without zeros between the inputs, and with padding that is known and not negative."""
    padding = equation.attributes["padding"]
    known = isinstance(padding, str) or all(isinstance(n, int) and n >= 0 for pair in padding for n in pair)
    return set(equation.attributes.get("input_dilation", (1,))) == {1} and known and is_float(equation)


def _undilated(equation: Equation) -> bool:
    return set(equation.attributes["dilation_rate"]) == {1} and is_float(equation)


def _sets_or_adds(equation: Equation) -> bool:
    return equation.attributes["reduction"] in (None, "add")


_OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "not_equal": "!=", "less": "<", "less_equal": "<=",
    "greater": ">", "greater_equal": ">=",
}  # fmt: skip
_SAME_NAMES = (
    "sqrt exp expm1 log log1p sin cos sinh cosh tanh arcsinh tan arcsin arccos arctan arccosh arctanh floor ceil real "
    "imag conj signbit sign logical_and logical_or logical_xor logical_not isnan isinf isfinite square log2 log10 "
    "logaddexp maximum minimum arctan2 rsqrt erf equal bitwise_and bitwise_or bitwise_xor bitwise_invert "
    "bitwise_left_shift bitwise_right_shift floor_divide"
)
_DTYPE = {"dtype": MISSING}

EXPRESSIONS: dict[str, Entry] = {
    **{name: f"{{x1}} {sign} {{x2}}" for name, sign in _OPERATORS.items()},
    **{name: Call(f"ops.{name}") for name in _SAME_NAMES.split()},
    # arithmetic
    "negative": "-{x:array}",
    "abs": "ops.abs({x:array})",
    "remainder": "ops.mod({x1:array}, {x2:array})",
    "power": "ops.power({x1:array}, {x2})",
    "reciprocal": When("1 / {x}", is_float),
    "positive": "{x}",
    "clip": When(Call("ops.clip"), between_numbers),
    "round_half_even": "ops.round({x:array})",
    "where": "ops.where({condition:array}, {x1}, {x2})",
    "cast": "ops.cast({x:array}, {dtype})",
    "stop_gradient": "ops.stop_gradient({variable:array})",
    "bitcast": "ops.view({x:array}, {dtype})",
    # activations
    "relu": "ops.relu({x})",
    "relu6": "ops.relu6({x})",
    "leaky_relu": "ops.where({x} > 0, {x}, {x} * {negative_slope})",
    "elu": Call("ops.elu", arguments={"alpha": 1.0}),
    "selu": "ops.selu({x})",
    "gelu": When(Call("ops.gelu", arguments={"approximate": True}), wide_float),
    "sigmoid": "ops.sigmoid({x})",
    "softplus": When("ops.softplus({x})", wide_float),
    "log_sigmoid": When("ops.log_sigmoid({x})", wide_float),
    "hard_sigmoid": "ops.hard_sigmoid({x})",
    "silu": "ops.silu({x})",
    "softsign": "ops.softsign({x})",
    "softmax": When(Call("ops.softmax", arguments={"axis": -1}), lambda e: _one_axis(e) and wide_float(e)),
    "log_softmax": When(Call("ops.log_softmax", arguments={"axis": -1}), lambda e: _one_axis(e) and wide_float(e)),
    # shapes
    "reshape": Call("ops.reshape", positional=("newshape",), values={"newshape": new_shape}),
    "transpose": "ops.transpose({x:array}, {axes})",
    "broadcast_to": "ops.broadcast_to({x:array}, {shape})",
    "expand_dims": Call("ops.expand_dims", positional=("axis",)),
    "squeeze": Call("ops.squeeze", positional=("axis",)),
    "stack": Call("ops.stack", arguments={"axis": 0}),
    "concatenate": Call("ops.concatenate", arguments={"axis": MISSING}),
    "split": When(Call("ops.split", positional=("indices_or_sections",), arguments={"axis": 0}), known_cuts),
    "flip": Call("ops.flip", arguments={"axis": None}),
    "constant_pad": When(
        Call("ops.pad", positional=("pad_width",), arguments={"value": 0}, names={"value": "constant_values"}),
        lambda e: bool(e.attributes["pad_width"]),
        "{x}",
    ),
    # indexing
    "getitem": "{x}[{key:index}]",
    "take": Call(take),
    "take_along_axis": Call(take_along_axis),
    "scatter_rows": When(Call(scatter_rows), _sets_or_adds),
    # made from sizes and numbers
    "iota": 'ops.arange({size}, dtype="int32")',
    "dimension": "ops.cast({size}, {dtype})",
    "zeros": Call("ops.zeros", positional=("shape",), arguments=_DTYPE),
    "ones": Call("ops.ones", positional=("shape",), arguments=_DTYPE),
    # reductions
    "sum": When(
        Call("ops.sum", arguments=_AXES),
        wide_float,
        "ops.cast(ops.sum({x:array}, {axis}, {keepdims}), {output_dtype})",
    ),
    "prod": "ops.cast(ops.prod({x:array}, {axis}, {keepdims}), {output_dtype})",
    "amax": Call("ops.max", arguments=_AXES),
    "amin": Call("ops.min", arguments=_AXES),
    "any": Call("ops.any", arguments=_AXES),
    "all": Call("ops.all", arguments=_AXES),
    "mean": When(Call("ops.mean", arguments=_AXES), wide_float),
    "argmax": 'ops.cast(ops.argmax({x:array}, {axis}, {keepdims}), "int32")',
    "argsort": 'ops.cast(ops.argsort({x:array}, {axis}), "int32")',
    "cumulative_sum": When(
        "ops.flip(ops.cumsum(ops.flip({x:array}, {axis}), {axis}, {output_dtype}), {axis})",
        lambda e: e.attributes["reverse"],
        "ops.cumsum({x:array}, {axis}, {output_dtype})",
    ),
    "cumulative_prod": When(
        "ops.flip(ops.cumprod(ops.flip({x:array}, {axis}), {axis}, {output_dtype}), {axis})",
        lambda e: e.attributes["reverse"],
        "ops.cumprod({x:array}, {axis}, {output_dtype})",
    ),
    # products
    "matmul": "ops.matmul({x1}, {x2})",
    "einsum": "ops.einsum({subscripts}, {operands:args})",
    "cholesky_factor": "ops.cholesky({x:array})",
    "eigen_factors": "ops.eigh({x:array})",
    "orthogonal_factors": "ops.qr({x:array}, {mode})",
    "singular_factors": "ops.svd({x:array}, {full_matrices})",
    "linear_solution": "ops.solve({x1:array}, {x2:array})",
    "slogdet": "ops.slogdet({x:array})",
    # control
    "cond": cond,
    "while_loop": while_loop,
    "scan": scan,
    # layers
    "conv": When(Call(conv, values={"padding": named_padding}), _unspread),
    "depthwise_conv": When(Call(depthwise_conv, values={"padding": named_padding}), _unspread),
    "conv_transpose": When(Call(conv_transpose), _undilated),
    "max_pool": When(Call(max_pool), is_float),
    "average_pool": When(Call(average_pool), wide_float),
    "layer_normalization": When(Call(layer_norm, names={"gamma": "scale", "beta": "offset"}), wide_on_last),
    "rms_normalization": When(Call(rms_norm), wide_on_last),
    "batch_normalization": When(Call(batch_norm), wide),
    "batch_norm_train": When(Call(batch_norm_train), wide),
    "dot_product_attention": When(
        Call(attention, arguments={"attn_logits_soft_cap": None}, names={"attn_logits_soft_cap": "soft_cap"}), wide
    ),
    "lstm": When(Call(lstm, arguments=_GATES, values=_RECURRENT), _known_activations),
    "gru": When(Call(gru, arguments=_GATES, values=_RECURRENT), _known_activations),
    "simple_rnn": When(Call(simple_rnn, arguments={"activation": "tanh"}, values=_RECURRENT), _known_activations),
    "sort": Call("ops.sort", arguments={"axis": -1}),
    # draws
    "dropout": "keras.random.dropout({x}, {rate}, {noise_shape}, seed=self.seed)",
    "uniform": "keras.random.uniform({shape}, {low}, {high}, {dtype}, seed=self.seed)",
    "normal": "keras.random.normal({shape}, {mean}, {stddev}, {dtype}, seed=self.seed)",
    "bernoulli": "keras.random.uniform({shape}, seed=self.seed) < {probability}",
}
"""From the name of an op; what is not here is written as the op's body."""

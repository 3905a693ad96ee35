"""How each op is written in TensorFlow."""

from __future__ import annotations

from multiback.graph.ir import Equation
from multiback.porting.source.calls import MISSING, Call, Entry, When, named_padding, new_shape
from multiback.porting.source.conditions import between_numbers, is_float, wide, wide_float, wide_on_last
from multiback_tensorflow.exporter.helpers.attention import attention
from multiback_tensorflow.exporter.helpers.elementwise import elu, maximum, minimum
from multiback_tensorflow.exporter.helpers.indexing import take
from multiback_tensorflow.exporter.helpers.normalization import batch_norm, batch_norm_train, layer_norm, rms_norm
from multiback_tensorflow.exporter.helpers.recurrent import gru, lstm, simple_rnn
from multiback_tensorflow.exporter.helpers.spread_windows import spread_conv
from multiback_tensorflow.exporter.helpers.windows import average_pool, conv, conv_transpose, depthwise_conv, max_pool
from multiback_tensorflow.fast import FAST
from multiback_tensorflow.lowering import LOWER

_ACTIVATIONS = {
    "linear": "tf.identity",
    "tanh": "tf.tanh",
    "sigmoid": "tf.sigmoid",
    "relu": "tf.nn.relu",
    "softplus": "tf.nn.softplus",
    "silu": "tf.nn.silu",
    "exponential": "tf.exp",
    "softsign": "tf.nn.softsign",
}
_GATES = {"activation": "tanh", "recurrent_activation": "sigmoid"}
_RECURRENT = dict.fromkeys(_GATES, _ACTIVATIONS)
_AXES = {"axis": None, "keepdims": False}


def _signed(equation: Equation) -> bool:
    return equation.flat_inputs[0].dtype.kind in "if"


def _last_axis(equation: Equation) -> bool:
    return wide(equation) and equation.attributes["axis"] == equation.flat_inputs[0].ndim - 1


def _plain_matmul(equation: Equation) -> bool:
    x1, x2 = equation.flat_inputs
    return x1.dtype in ("float32", "float64") and x1.ndim >= 2 and x2.ndim >= 2 and (x2.ndim > 2 or x1.ndim == 2)


def _rows_times_matrix(equation: Equation) -> bool:
    """As one product of matrices, so is its gradient; that of a broadcast stack is a sum over a stack of kernels."""
    x1, x2 = equation.flat_inputs
    return x1.dtype in ("float32", "float64") and x1.ndim > 2 and x2.ndim == 2


def _plain_einsum(equation: Equation) -> bool:
    return equation.flat_inputs[0].dtype in ("float32", "float64")


def _kernel(equation: Equation) -> bool:
    """There are kernels for the convolution of floats without zeros between the inputs, or strides with dilation."""
    a = equation.attributes
    strided = set(a["strides"]) != {1} and set(a["dilation_rate"]) != {1}
    pads = [] if isinstance(a["padding"], str) else [n for pair in a["padding"] for n in pair]
    return (
        is_float(equation)
        and set(a["input_dilation"]) == {1}
        and not strided
        and all(isinstance(n, int) and n >= 0 for n in pads)
    )


def _planar(equation: Equation) -> bool:
    x = equation.flat_inputs[0]
    return FAST["depthwise_conv"].when(equation) and x.ndim == 4 and x.dtype in ("float32", "float64")


def _pooled(equation: Equation) -> bool:
    x = equation.flat_inputs[0]
    return x.dtype == "float32" if x.ndim == 5 else x.dtype in ("float32", "float64")


def _noise(equation: Equation) -> str | None:
    x, shape = equation.flat_inputs[0], equation.attributes["noise_shape"]
    return None if shape == x.shape else "{noise_shape}"


def _known_activations(equation: Equation) -> bool:
    return all(equation.attributes.get(n, "tanh") in _ACTIVATIONS for n in ("activation", "recurrent_activation"))


def _fast(name: str) -> Entry:
    return When(FAST[name].lowering, FAST[name].when)


def _comparison(sign: str, name: str) -> Entry:
    return When(
        f"{{x1}} {sign} {{x2}}",
        lambda e: e.flat_inputs[0].ndim + e.flat_inputs[1].ndim > 0,
        LOWER.get(name, FAST[name].lowering if name in FAST else None),
    )


_SAME_NAMES = "logical_and logical_or logical_not logical_xor conj"
_IN_MATH = {
    "isnan": "is_nan", "isinf": "is_inf", "isfinite": "is_finite", "square": "square", "rsqrt": "rsqrt", "tan": "tan",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arccosh": "acosh", "arctanh": "atanh", "ceil": "ceil",
    "log_sigmoid": "log_sigmoid", "reciprocal": "reciprocal",
}  # fmt: skip

EXPRESSIONS: dict[str, Entry] = {
    **LOWER,
    **{name: Call(f"tf.math.{name}") for name in _SAME_NAMES.split()},
    **{name: When(Call(f"tf.math.{theirs}"), is_float) for name, theirs in _IN_MATH.items()},
    "not_equal": FAST["not_equal"].lowering,
    "greater": FAST["greater"].lowering,
    "greater_equal": FAST["greater_equal"].lowering,
    # arithmetic
    "abs": When("tf.abs({x:array})", _signed, LOWER["abs"]),
    "sign": When("tf.sign({x:array})", _signed, LOWER["sign"]),
    "power": When("{x1} ** {x2}", is_float, LOWER["power"]),
    "positive": "{x}",
    "maximum": When(maximum, is_float, "tf.maximum({x1:array}, {x2:array})"),
    "minimum": When(minimum, is_float, "tf.minimum({x1:array}, {x2:array})"),
    "clip": When(Call("tf.clip_by_value"), between_numbers),
    "floor": When("tf.floor({x:array})", is_float, LOWER["floor"]),
    # activations
    **{
        name: _fast(name)
        for name in ("relu", "relu6", "leaky_relu", "sigmoid", "softplus", "silu", "softmax", "log_softmax")
    },
    "elu": When(Call(elu), is_float),
    # Its constants are those of float32.
    "gelu": When(Call("tf.nn.gelu", arguments={"approximate": False}), lambda e: e.flat_inputs[0].dtype != "float64"),
    "hard_sigmoid": "tf.nn.relu6({x} + 3.0) / 6.0",
    "softsign": "tf.nn.softsign({x})",
    "mish": "{x} * tf.tanh(tf.nn.softplus({x}))",
    "softmax": When(Call("tf.nn.softmax", arguments={"axis": -1}), lambda e: isinstance(e.attributes["axis"], int)),
    "log_softmax": When(
        Call("tf.nn.log_softmax", arguments={"axis": -1}), lambda e: isinstance(e.attributes["axis"], int)
    ),
    # shapes
    "reshape": Call("tf.reshape", positional=("newshape",), values={"newshape": new_shape}),
    "transpose": "tf.transpose({x:array}, {axes})",
    "expand_dims": _fast("expand_dims"),
    "squeeze": When(Call("tf.squeeze", positional=("axis",)), FAST["squeeze"].when),
    "stack": Call("tf.stack", arguments={"axis": 0}),
    "split": _fast("split"),
    "unstack": _fast("unstack"),
    "pad": _fast("pad"),
    "tile": When(
        Call("tf.tile", positional=("repeats",)),
        FAST["tile"].when,
    ),
    "constant_pad": When(
        Call("tf.pad", positional=("pad_width",), arguments={"value": 0}, names={"value": "constant_values"}),
        lambda e: bool(e.attributes["pad_width"]) and e.flat_inputs[0].dtype.kind != "b",
        LOWER["constant_pad"],
    ),
    "repeat": When(
        Call("tf.repeat", positional=("repeats",), arguments={"axis": None}),
        lambda e: isinstance(e.attributes["repeats"], int) and e.flat_inputs[0].dtype != "uint16",
    ),
    "take": Call(take),
    # made from sizes and numbers
    "zeros": Call("tf.zeros", positional=("shape",), arguments={"dtype": MISSING}),
    "ones": Call("tf.ones", positional=("shape",), arguments={"dtype": MISSING}),
    "one_hot": _fast("one_hot"),
    # reductions
    "sum": When(Call("tf.reduce_sum", arguments=_AXES), lambda e: e.flat_inputs[0].dtype != "float16", LOWER["sum"]),
    "prod": Call("tf.reduce_prod", arguments=_AXES),
    "amax": Call("tf.reduce_max", arguments=_AXES),
    "amin": Call("tf.reduce_min", arguments=_AXES),
    "any": Call("tf.reduce_any", arguments=_AXES),
    "all": Call("tf.reduce_all", arguments=_AXES),
    "mean": When(Call("tf.reduce_mean", arguments=_AXES), wide_float),
    "var": When(Call("tf.math.reduce_variance", arguments=_AXES), wide_float),
    "logsumexp": When(Call("tf.reduce_logsumexp", arguments=_AXES), wide_float),
    "argmax": LOWER["argmax"],
    "cumulative_sum": When(Call("tf.cumsum", arguments={"axis": 0, "reverse": False}), wide, LOWER["cumulative_sum"]),
    # products
    "matmul": When(
        "tf.matmul({x1}, {x2})",
        _plain_matmul,
        When("tf.tensordot({x1}, {x2}, 1)", _rows_times_matrix, LOWER["matmul"]),
    ),
    "einsum": When("tf.einsum({subscripts}, {operands:args})", _plain_einsum, LOWER["einsum"]),
    # layers
    "conv": When(Call(conv, values={"padding": named_padding}), _kernel, Call(spread_conv)),
    "depthwise_conv": When(Call(depthwise_conv, values={"padding": named_padding}), _planar),
    "conv_transpose": When(Call(conv_transpose), lambda e: FAST["conv_transpose"].when(e) and is_float(e)),
    "max_pool": When(Call(max_pool), _pooled),
    "average_pool": When(Call(average_pool), _pooled),
    "layer_normalization": When(Call(layer_norm, names={"gamma": "scale", "beta": "offset"}), wide_on_last),
    "rms_normalization": When(Call(rms_norm), wide_on_last),
    "batch_normalization": When(
        Call(
            "tf.nn.batch_normalization",
            arguments={"epsilon": MISSING},
            names={"epsilon": "variance_epsilon"},
            operands=("x", "mean", "variance", "offset", "scale"),
            nothing=True,
        ),
        _last_axis,
        When(Call(batch_norm), wide),
    ),
    "batch_norm_train": When(Call(batch_norm_train), wide),
    "dot_product_attention": When(
        Call(attention, arguments={"attn_logits_soft_cap": None}, names={"attn_logits_soft_cap": "soft_cap"}), wide
    ),
    "lstm": When(Call(lstm, arguments=_GATES, values=_RECURRENT), _known_activations),
    "gru": When(Call(gru, arguments=_GATES, values=_RECURRENT), _known_activations),
    "simple_rnn": When(Call(simple_rnn, arguments={"activation": "tanh"}, values=_RECURRENT), _known_activations),
    # draws
    "dropout": When(
        Call(
            "tf.nn.dropout",
            operands=("x",),
            positional=("rate",),
            arguments={"noise_shape": None},
            values={"noise_shape": _noise},
        ),
        lambda e: e.attributes["rate"] < 1,
    ),
    "uniform": Call(
        "tf.random.uniform", operands=(), positional=("shape", "low", "high"), arguments={"dtype": MISSING}
    ),
    "normal": Call(
        "tf.random.normal", operands=(), positional=("shape",), arguments={"mean": 0, "stddev": 1, "dtype": MISSING}
    ),
    "bernoulli": "tf.random.uniform({shape}) < {probability}",
    "random_bits": "tf.random.uniform({shape}, tf.int32.min, tf.int32.max, tf.int32)",
    "top_k": FAST["top_k"].lowering,
    "dynamic_slice": _fast("dynamic_slice"),
}
"""From the name of an op; what is not here is written as the op's body."""

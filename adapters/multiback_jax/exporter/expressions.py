"""How each op is written in JAX."""

from __future__ import annotations

from multiback.graph.ir import Equation
from multiback.porting.source.calls import MISSING, Call, Entry, When, named_padding, new_shape
from multiback.porting.source.conditions import between_numbers, is_float, known_cuts, wide, wide_on_last
from multiback_jax.exporter.helpers.attention import attention
from multiback_jax.exporter.helpers.normalization import batch_norm, batch_norm_train, layer_norm, rms_norm
from multiback_jax.exporter.helpers.random import dropout
from multiback_jax.exporter.helpers.recurrent import gru, lstm, simple_rnn
from multiback_jax.exporter.helpers.windows import average_pool, conv, depthwise_conv, max_pool
from multiback_jax.fast import FAST
from multiback_jax.lowering import LOWER

_ACTIVATIONS = {
    "linear": "lambda x: x",
    "tanh": "jnp.tanh",
    "sigmoid": "jax.nn.sigmoid",
    "relu": "jax.nn.relu",
    "softplus": "jax.nn.softplus",
    "hard_sigmoid": "jax.nn.hard_sigmoid",
    "softsign": "jax.nn.soft_sign",
    "silu": "jax.nn.silu",
    "elu": "jax.nn.elu",
    "exponential": "jnp.exp",
}
_GATES = {"activation": "tanh", "recurrent_activation": "sigmoid"}
_RECURRENT = dict.fromkeys(_GATES, _ACTIVATIONS)
_AXES = {"axis": None, "keepdims": False}


def _known_padding(equation: Equation) -> bool:
    return equation.attributes["padding"] != "same" or set(equation.attributes.get("input_dilation", (1,))) == {1}


def _noise(equation: Equation) -> str | None:
    shape = equation.attributes["noise_shape"]
    return None if shape == equation.flat_inputs[0].shape else "{noise_shape}"


def _known_activations(equation: Equation) -> bool:
    return all(equation.attributes.get(n, "tanh") in _ACTIVATIONS for n in ("activation", "recurrent_activation"))


_PAIRS = ("not_equal", "!="), ("greater", ">"), ("greater_equal", ">=")
_SAME_NAMES = (
    "logical_and logical_or logical_xor logical_not isnan isinf isfinite square log2 log10 logaddexp tan "
    "arctan conj ravel dot inner outer vdot copysign matrix_transpose"
)

EXPRESSIONS: dict[str, Entry] = {
    **LOWER,
    **{name: f"{{x1}} {sign} {{x2}}" for name, sign in _PAIRS},
    **{name: Call(f"jnp.{name}") for name in _SAME_NAMES.split()},
    # arithmetic
    "power": When("{x1} ** {x2}", is_float, LOWER["power"]),
    "reciprocal": "1 / {x}",
    "positive": "{x}",
    "rsqrt": "lax.rsqrt({x})",
    "clip": When("jnp.where({x} < {x_min}, {x_min}, jnp.where({x} > {x_max}, {x_max}, {x}))", between_numbers),
    "ceil": "jnp.ceil({x})",
    "equal": "{x1} == {x2}",
    # activations
    "relu": "jax.nn.relu({x})",
    "relu6": "jax.nn.relu6({x})",
    "leaky_relu": "jnp.where({x} > 0, {x}, {x} * {negative_slope})",
    "elu": Call("jax.nn.elu", arguments={"alpha": 1.0}),
    "selu": "jax.nn.selu({x})",
    "celu": Call("jax.nn.celu", arguments={"alpha": 1.0}),
    "gelu": Call("jax.nn.gelu", arguments={"approximate": True}),
    "sigmoid": "jax.nn.sigmoid({x})",
    "softplus": "jax.nn.softplus({x})",
    "log_sigmoid": "jax.nn.log_sigmoid({x})",
    "hard_sigmoid": "jax.nn.hard_sigmoid({x})",
    "silu": "jax.nn.silu({x})",
    "hard_silu": "jax.nn.hard_silu({x})",
    "softsign": "{x} / (jnp.abs({x}) + 1)",
    "mish": "jax.nn.mish({x})",
    "tanh_shrink": "{x} - jnp.tanh({x})",
    "squareplus": Call("jax.nn.squareplus", arguments={"b": 4}),
    "glu": Call("jax.nn.glu", arguments={"axis": -1}),
    "softmax": Call("jax.nn.softmax", arguments={"axis": -1}),
    "log_softmax": Call("jax.nn.log_softmax", arguments={"axis": -1}),
    # shapes
    "reshape": Call("jnp.reshape", positional=("newshape",), values={"newshape": new_shape}),
    "take": When('{x:array}.at[{indices}].get(mode="clip")', lambda e: e.attributes["axis"] == 0, LOWER["take"]),
    "expand_dims": Call("jnp.expand_dims", positional=("axis",)),
    "squeeze": Call("jnp.squeeze", arguments={"axis": None}),
    "moveaxis": Call("jnp.moveaxis", positional=("source", "destination")),
    "swapaxes": Call("jnp.swapaxes", positional=("axis1", "axis2")),
    "stack": Call("jnp.stack", arguments={"axis": 0}),
    "concatenate": Call("jnp.concatenate", arguments={"axis": 0}),
    "split": When(Call("jnp.split", positional=("indices_or_sections",), arguments={"axis": 0}), known_cuts),
    "tile": Call("jnp.tile", positional=("repeats",)),
    "repeat": When(
        Call("jnp.repeat", positional=("repeats",), arguments={"axis": None}),
        lambda e: isinstance(e.attributes["repeats"], int),
    ),
    "flip": Call("jnp.flip", arguments={"axis": None}),
    "roll": Call("jnp.roll", positional=("shift",), arguments={"axis": None}),
    "constant_pad": When(
        Call("jnp.pad", positional=("pad_width",), arguments={"value": 0}, names={"value": "constant_values"}),
        lambda e: bool(e.attributes["pad_width"]),
        "{x}",
    ),
    # made from sizes and numbers
    "zeros": Call("jnp.zeros", positional=("shape",), arguments={"dtype": MISSING}),
    "ones": Call("jnp.ones", positional=("shape",), arguments={"dtype": MISSING}),
    "tril": Call("jnp.tril", arguments={"k": 0}),
    "triu": Call("jnp.triu", arguments={"k": 0}),
    "one_hot": When(
        "jax.nn.one_hot({x}, {num_classes}, dtype={dtype})",
        lambda e: e.attributes["axis"] == e.flat_inputs[0].ndim,
        "jax.nn.one_hot({x}, {num_classes}, axis={axis}, dtype={dtype})",
    ),
    # reductions
    "sum": When(
        Call("jnp.sum", arguments=_AXES), is_float, "jnp.sum({x:array}, {axis}, {output_dtype}, keepdims={keepdims})"
    ),
    "prod": "jnp.prod({x:array}, {axis}, {output_dtype}, keepdims={keepdims})",
    "amax": Call("jnp.max", arguments=_AXES),
    "amin": Call("jnp.min", arguments=_AXES),
    "any": Call("jnp.any", arguments=_AXES),
    "all": Call("jnp.all", arguments=_AXES),
    "mean": When(Call("jnp.mean", arguments=_AXES), is_float),
    "var": When(Call("jnp.var", arguments=_AXES), lambda e: is_float(e) and wide(e)),
    "logsumexp": Call("jax.nn.logsumexp", arguments=_AXES),
    "argmax": Call("jnp.argmax", arguments=_AXES, suffix=".astype(jnp.int32)"),
    "argmin": Call("jnp.argmin", arguments=_AXES, suffix=".astype(jnp.int32)"),
    # products
    "matmul": "{x1} @ {x2}",
    "einsum": "jnp.einsum({subscripts}, {operands:args})",
    "tensordot": Call("jnp.tensordot", arguments={"axes": 2}),
    # layers
    "conv": When(Call(conv, values={"padding": named_padding}), _known_padding, LOWER["conv"]),
    "depthwise_conv": Call(depthwise_conv, values={"padding": named_padding}),
    "max_pool": When(Call(max_pool), is_float, FAST["max_pool"].lowering),
    "average_pool": When(Call(average_pool), wide),
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
    # draws
    "dropout": When(
        Call(dropout, operands=("x",), between=("next(keys)",), positional=("rate",), values={"noise_shape": _noise}),
        lambda e: e.attributes["rate"] < 1,
    ),
    "uniform": "jax.random.uniform(next(keys), {shape}, {dtype}, {low}, {high})",
    "normal": When(
        "jax.random.normal(next(keys), {shape}, {dtype})",
        lambda e: (e.attributes["mean"], e.attributes["stddev"]) == (0, 1),
        "{mean} + {stddev} * jax.random.normal(next(keys), {shape}, {dtype})",
    ),
    "bernoulli": "jax.random.bernoulli(next(keys), {probability}, {shape})",
    "random_bits": "lax.bitcast_convert_type(jax.random.bits(next(keys), {shape}), jnp.int32)",
    "sort": Call("jnp.sort", arguments={"axis": -1}),
    "top_k": FAST["top_k"].lowering,
    "dynamic_slice": FAST["dynamic_slice"].lowering,
    "dynamic_update_slice": FAST["dynamic_update_slice"].lowering,
}
"""From the name of an op; what is not here is written as the op's body."""

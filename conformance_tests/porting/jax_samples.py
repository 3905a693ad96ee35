"""A sample for every primitive of JAX that can be imported: a function, and the arrays it is called on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.ad_checkpoint import checkpoint_name


@dataclass(frozen=True)
class Sample:
    """A function of JAX on arrays.

    Attributes:
        name: Of the case.
        function: What is imported.
        inputs: float64 arrays are drawn for shapes; arrays are taken as they are.
        smooth: Whether gradients are compared as well.
        noted: Whether the import says something about it.
    """

    name: str
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    smooth: bool = True
    noted: bool = False

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The inputs, drawn anew but always the same."""
        random = np.random.default_rng(len(self.name))
        return tuple(random.normal(0, 1, x) if isinstance(x, tuple) else np.asarray(x) for x in self.inputs)


SAMPLES: list[Sample] = []


def _add(name: str, function: Callable[..., Any], *inputs: Any, smooth: bool = True, noted: bool = False) -> None:
    SAMPLES.append(Sample(name, function, inputs, smooth, noted))


_A, _V, _M = (3, 4), (5,), (4, 4)
_POSITIVE = np.random.default_rng(1).uniform(0.2, 3.0, _A)
_INSIDE = np.random.default_rng(2).uniform(-0.9, 0.9, _A)
_I = np.random.default_rng(3).integers(-9, 9, _A).astype(np.int32)
_J = np.where(np.random.default_rng(4).integers(0, 2, _A) == 0, -3, 4).astype(np.int32)
_U = np.random.default_rng(5).integers(0, 2**32, _A, dtype=np.uint64).astype(np.uint32)
_B = np.random.default_rng(6).integers(0, 2, _A).astype(bool)
_C = _B[::-1].copy()
_SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.5, -2.5])
_SEED = np.array([7, 11], np.uint32)

for _name, _f in {
    "abs": jnp.abs,
    "atan": jnp.arctan,
    "asinh": jnp.arcsinh,
    "cbrt": jnp.cbrt,
    "cos": jnp.cos,
    "cosh": jnp.cosh,
    "erf": lax.erf,
    "erfc": lax.erfc,
    "exp": jnp.exp,
    "exp2": lax.exp2,
    "expm1": jnp.expm1,
    "logistic": jax.nn.sigmoid,
    "neg": jnp.negative,
    "sin": jnp.sin,
    "sinh": jnp.sinh,
    "square": jnp.square,
    "tan": jnp.tan,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "silu": jax.nn.silu,
    "gelu": jax.nn.gelu,
    "softplus": jax.nn.softplus,
    "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax,
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "leaky_relu": jax.nn.leaky_relu,
    "relu6": lambda x: jax.nn.relu6(4 * x),
    "cube": lambda x: x**3,
    "inverse square": lambda x: x**-2,
    "to the zero": lambda x: lax.integer_pow(x, 0),
    "logsumexp": lambda x: jax.nn.logsumexp(x, -1),
    "stop_gradient": lambda x: lax.stop_gradient(x) * x,
    "copy": jnp.copy,
    "reduce_precision": lambda x: lax.reduce_precision(x, 8, 7) + 0 * x,
    "bf16 and back": lambda x: x.astype(jnp.bfloat16).astype(x.dtype),
    "where": lambda x: jnp.where(x > 0, x, 2 * x),
    "optimization_barrier": lambda x: lax.optimization_barrier((x, 2 * x))[1],
    "jit": jax.jit(lambda x: x * 2 + 1),
    "checkpoint": jax.checkpoint(lambda x: jnp.sin(jnp.sin(x))),
    "remat name": lambda x: checkpoint_name(x, "kept") * 3,
    "closed over": lambda x: x + np.arange(4.0),
}.items():
    _add(_name, _f, _A, smooth=_name not in ("reduce_precision", "bf16 and back"))

for _name, _f in {
    "log": jnp.log,
    "log1p": jnp.log1p,
    "sqrt": jnp.sqrt,
    "rsqrt": lax.rsqrt,
    "lgamma": lax.lgamma,
    "digamma": lax.digamma,
    "pow by itself": lambda x: x**x,
    "acosh": lambda x: jnp.arccosh(1 + x),
    "igamma": lambda x: lax.igamma(1 + x, 2 * x),
    "igammac": lambda x: lax.igammac(1 + x, 2 * x),
    "bessel_i0e": lax.bessel_i0e,
    "regularized_incomplete_beta": lambda x: lax.betainc(1 + x, 2.0 + x, x / 4),
    "igamma_grad_a": lambda x: lax.igamma_grad_a(1 + x, 2 * x),
    "random_gamma_grad": lambda x: lax.random_gamma_grad(1 + x, 2 * x),
}.items():
    _loops = ("igamma", "igammac", "regularized_incomplete_beta", "igamma_grad_a", "random_gamma_grad")
    _add(_name, _f, _POSITIVE, smooth=_name not in (*_loops, "bessel_i0e", "bessel_i1e", "digamma"))
_add("lgamma below zero", lax.lgamma, np.array([-0.3, -1.7, 0.25, -7.2]), smooth=False)
_add("digamma below zero", lax.digamma, np.array([-0.3, -1.7, 0.25, -7.2]), smooth=False)
_add("erfc far", lax.erfc, np.array([0.4, 0.6, 3.9, 4.1, 9.0, 25.0, -5.0]))
for _name, _f in {"acos": jnp.arccos, "asin": jnp.arcsin, "atanh": jnp.arctanh, "erf_inv": lax.erf_inv}.items():
    _add(_name, _f, _INSIDE)
_add("erf_inv near the ends", lax.erf_inv, np.array([1 - 1e-6, -1 + 1e-5, 0.0, 1e-8, 1.0, -1.0]), smooth=False)
for _name, _f in {
    "ceil": jnp.ceil,
    "floor": jnp.floor,
    "round": jnp.round,
    "round away": lax.round,
    "sign": jnp.sign,
    "is_finite": jnp.isfinite,
    "isnan": jnp.isnan,
    "nan_to_num": jnp.nan_to_num,
    "eq": lambda x: x == x,
    "ne": lambda x: x != x,
    "clip": lambda x: jnp.clip(x, -1, 1),
    "nextafter": lambda x: lax.nextafter(x, jnp.ones_like(x)),
    "signbit": jnp.signbit,
}.items():
    _add(f"{_name} of special numbers", _f, _SPECIAL, smooth=False)

for _name, _f in {
    "add": jnp.add,
    "sub": jnp.subtract,
    "mul": jnp.multiply,
    "div": jnp.divide,
    "max": jnp.maximum,
    "min": jnp.minimum,
    "atan2": jnp.arctan2,
    "logaddexp": jnp.logaddexp,
    "hypot": jnp.hypot,
    "rem": lax.rem,
    "mod": jnp.mod,
    "add_any": jax.grad(lambda x, y: jnp.sum(jnp.sin(x) * x * y)),
}.items():
    _add(_name, _f, _A, _A)
for _name, _f in {"lt": jnp.less, "le": jnp.less_equal, "gt": jnp.greater, "ge": jnp.greater_equal}.items():
    _add(_name, _f, _A, _A, smooth=False)
    _add(f"{_name} of bools", _f, _B, _C, smooth=False)
_add("pow", lambda x, y: x**y, _POSITIVE, _A)
_add("pow to an integer", lambda x, y: lax.pow(x, y), _A, np.full(_A, 3, np.int32))
_add("clamp", lambda x: lax.clamp(-0.5, x, 0.5), _A)
_add("select_n of three", lambda i, x: lax.select_n(i, x, 2 * x, 3 * x), np.abs(_I) % 3, _A)
for _name, _g in {
    "add": lax.add,
    "sub": lax.sub,
    "mul": lax.mul,
    "div": lax.div,
    "rem": lax.rem,
    "max": lax.max,
    "min": lax.min,
    "and": lax.bitwise_and,
    "or": lax.bitwise_or,
    "xor": lax.bitwise_xor,
    "eq": lax.eq,
    "floor divide": jnp.floor_divide,
    "mod": jnp.mod,
}.items():
    _add(f"{_name} of integers", _g, _I, _J, smooth=False)
    if _name in ("and", "or", "xor", "max", "min", "eq"):
        _add(f"{_name} of bools", _g, _B, _C, smooth=False)
    if _name not in ("floor divide", "mod"):
        _add(f"{_name} of unsigned", _g, _U, _U[::-1].copy() | 1, smooth=False)
for _name, _g in {
    "shift_left": lax.shift_left,
    "shift_right_logical": lax.shift_right_logical,
    "shift_right_arithmetic": lax.shift_right_arithmetic,
    "mulhi": getattr(lax, "mulhi", None) or lax.bitwise_xor,
}.items():
    _add(_name, _g, _I * 12345, np.abs(_J), smooth=False)
    _add(f"{_name} unsigned", _g, _U, np.abs(_J).astype(np.uint32), smooth=False)
_add("logical shift by all", lambda x: lax.shift_right_logical(x, jnp.int32(32)), _I, smooth=False)
for _name, _f in {
    "not": lax.bitwise_not,
    "population_count": lax.population_count,
    "clz": lax.clz,
    "abs": jnp.abs,
    "sign": jnp.sign,
    "to bytes": lambda x: lax.bitcast_convert_type(x, np.uint8),
    "to float": lambda x: lax.bitcast_convert_type(x, np.float32),
    "integer_pow": lambda x: x**3,
    "to bool": lambda x: x.astype(bool),
    "to float64": lambda x: x.astype(np.float64),
}.items():
    _add(f"{_name} of integers", _f, _I, smooth=False)
    _add(f"{_name} of unsigned", _f, _U, smooth=False)
_add(
    "bytes to words", lambda x: lax.bitcast_convert_type(x, np.uint32), _U.view(np.uint8).reshape(3, 4, 4), smooth=False
)
_add("not of bools", lax.bitwise_not, _B, smooth=False)
_add("floats to integers", lambda x: x.astype(np.int32), _A, smooth=False)

for _name, _f in {
    "broadcast_in_dim": lambda x: jnp.broadcast_to(x[:, None], (3, 2, 4)),
    "reshape": lambda x: x.reshape(2, 6),
    "transpose": lambda x: x.T,
    "squeeze": lambda x: lax.squeeze(x[None], (0,)),
    "expand": lambda x: x[:, None, :],
    "concatenate": lambda x: jnp.concatenate([x, 2 * x], 1),
    "stack": lambda x: jnp.stack([x, 2 * x], 1),
    "split": lambda x: jnp.split(x, [1, 3], 1),
    "tile": lambda x: jnp.tile(x, (2, 3)),
    "rev": lambda x: x[::-1, ::-1],
    "iota": lambda x: x + lax.broadcasted_iota(np.float64, (3, 4), 1),
    "slice": lambda x: x[1:, ::2],
    "pad": lambda x: lax.pad(x, 1.5, ((1, 2, 0), (0, 1, 2))),
    "pad cut": lambda x: lax.pad(x, 0.0, ((-1, 2, 1), (1, -2, 0))),
    "pad by a value": lambda x: lax.pad(x, x[0, 0], ((1, 0, 1), (0, 1, 0))),
    "unstack": lambda x: jnp.unstack(x, axis=1),
    "repeat": lambda x: jnp.repeat(x, 2, 1),
    "roll": lambda x: jnp.roll(x, 1, 1),
    "full": lambda x: jnp.full((2,), 3.0) + x[:2, 0],
    "tril": jnp.tril,
    "eye": lambda x: jnp.eye(3) @ x,
    "moveaxis": lambda x: jnp.moveaxis(x[None], 0, 2),
    "dynamic_slice known": lambda x: lax.dynamic_slice(x, (1, 2), (2, 2)),
    "index": lambda x: x[1],
    "last": lambda x: x[-1, -2],
    "dynamic_update_slice known": lambda x: lax.dynamic_update_slice(x, 2 * x[:2, :2], (1, 2)),
    "set": lambda x: x.at[1].set(0.5),
    "set slice": lambda x: x.at[:, 1:3].set(2.0),
    "add at": lambda x: x.at[0, 1].add(3.0),
    "triu_indices": lambda x: x[jnp.triu_indices(3)],
}.items():
    _add(_name, _f, _A)
_INDEX = np.array([1, 0], np.int32)
_add("dynamic_slice", lambda x, i: lax.dynamic_slice(x, (i[0], i[1]), (2, 2)), _A, np.array([9, 1], np.int32))
_add("dynamic_update_slice", lambda x, u, i: lax.dynamic_update_slice(x, u, (i[0], i[1])), _A, (2, 2), _INDEX)
_add("dynamic index", lambda x, i: x[i[0]], _A, np.array([-1, 0], np.int32))
_add("dynamic_slice_in_dim", lambda x, i: lax.dynamic_slice_in_dim(x, i[0], 2, 1), _A, _INDEX)

_P, _Q = np.array([2, 0, -1, 7], np.int32), np.array([[0, 3], [1, -2]], np.int32)
for _name, _h in {
    "gather rows": lambda x, i: x[i % 3],
    "gather columns": lambda x, i: x[:, i % 4],
    "take": lambda x, i: jnp.take(x, i, 1),
    "take clip": lambda x, i: jnp.take(x, i, 0, mode="clip"),
    "take wrap": lambda x, i: jnp.take(x, i, 0, mode="wrap"),
    "gather fill": lambda x, i: x.at[i].get(mode="fill", fill_value=9.0),
    "one by one": lambda x, i: x[i % 3, i % 4],
    "vmapped slices": lambda x, i: jax.vmap(lambda k: lax.dynamic_slice(x, (k, jnp.int32(0)), (1, 2)))(i % 3),
    "vmapped rows": lambda x, i: jax.vmap(lambda r, k: r[k])(x, i[:3] % 4),
    "take_along_axis": lambda x, i: jnp.take_along_axis(x, (i[:3, None] % 4), 1),
    "ellipsis": lambda x, i: x[None, ..., i % 2, :1],
    "at set": lambda x, i: x.at[i % 3].set(1.0),
    "at add": lambda x, i: x.at[i].add(2.0 * x[0]),
    "at add drop": lambda x, i: x.at[i].add(1.0, mode="drop"),
    "at add clip": lambda x, i: x.at[i].add(1.0, mode="clip"),
    "at subtract": lambda x, i: x.at[i % 3].subtract(x[i % 3]),
    "at places": lambda x, i: x.at[i % 3, i % 4].add(x[0]),
    "vmapped scatter": lambda x, i: jax.vmap(lambda r, k: r.at[k].add(5.0))(x, i[:3] % 4),
    "scatter windows": lambda x, i: jax.vmap(lambda k: lax.dynamic_update_slice(x, 7 * x[:1, :2], (k, jnp.int32(1))))(
        i % 3
    ),
    "segment_sum": lambda x, i: jax.ops.segment_sum(x, i[:3] % 2, 2),
    "one hot": lambda x, i: jax.nn.one_hot(i, 4) @ x.T,
}.items():
    _add(_name, _h, _A, _P)
_add("gather two axes", lambda x, i: x[i % 3], _A, _Q)
_add("gather integers", lambda x, i: jnp.take(x, i, 0), _I, _P, smooth=False)
_add("gather bools", lambda x, i: jnp.take(x, i, 0), _B, _P, smooth=False)
for _name, _h in {
    "at multiply": lambda x, i: x.at[i % 3].multiply(2.0),
    "at max": lambda x, i: x.at[i % 3].max(0.3),
    "at min": lambda x, i: x.at[i % 3].min(0.3),
}.items():
    _add(_name, _h, _A, _P, smooth=False)
_add("embedding gradient", jax.grad(lambda x, i: jnp.sum(jnp.sin(x[i]))), _A, _P % 3)

for _name, _f in {
    "reduce_sum": lambda x: x.sum(1),
    "reduce_max": lambda x: x.max(0),
    "reduce_min": lambda x: x.min(),
    "mean": jnp.mean,
    "reduce_prod": lambda x: x.prod(1),
    "var": lambda x: x.var(1),
    "cumsum": lambda x: jnp.cumsum(x, 1),
    "cumsum back": lambda x: lax.cumsum(x, 0, reverse=True),
    "cumprod": lambda x: jnp.cumprod(x, 1),
    "cummax": lambda x: lax.cummax(x, 1),
    "cummin back": lambda x: lax.cummin(x, 1, reverse=True),
    "cumlogsumexp": lambda x: lax.cumlogsumexp(x, 1),
    "sort": lambda x: jnp.sort(x, 0),
    "top_k": lambda x: lax.top_k(x, 2)[0],
    "top_k of columns": lambda x: lax.top_k(x, 2, axis=0)[0],
    "approx_max_k": lambda x: lax.approx_max_k(x, 2)[0],
    "approx_min_k": lambda x: lax.approx_min_k(x, 2)[0],
    "median": lambda x: jnp.median(x, 1),
    "sort two": lambda x: lax.sort((x[0], x[1]), num_keys=1),
    "associative_scan": lambda x: lax.associative_scan(jnp.multiply, x, axis=1),
}.items():
    _add(_name, _f, _A)
_add("sort by two keys", lambda a, b, x: lax.sort((a, b, x), num_keys=2), _I % 2, _J, _A)
_add("argsort", lambda x: jnp.argsort(x, 1), _I % 3, smooth=False)
_add("argmax", lambda x: (jnp.argmax(x, 1), jnp.argmin(x, 0)), _A, smooth=False)
_add("argmax of special numbers", jnp.argmax, _SPECIAL, smooth=False)
_add("places of top_k", lambda x: lax.top_k(x, 3), _I, smooth=False)
_add("any and all", lambda x: (x.any(0), x.all(1)), _B, smooth=False)
_add(
    "reductions of bits",
    lambda x: (lax.reduce_and(x, [0]), lax.reduce_or(x, [1]), lax.reduce_xor(x, [0, 1])),
    _I,
    smooth=False,
)
_add("reduce_xor of bools", lambda x: lax.reduce_xor(x, [0]), _B, smooth=False)
_add("cumulative of integers", lambda x: (jnp.cumsum(x, 1), lax.cummax(x, 0)), _I, smooth=False)
_add("reduce by a function", lambda x: lax.reduce(x, np.float64(1.0), lambda a, b: a * b + 0.0, (1,)), _A)
_add("searchsorted", lambda x, v: jnp.searchsorted(jnp.sort(x), v), _V, _V, smooth=False)

_add("matmul", lambda x, y: x @ y, _A, (4, 2))
_add("matmul of a transposed", lambda x, y: x @ y.T, _A, (2, 4))
_add("batched matmul", lambda x, y: x @ y, (2, 3, 4), (2, 4, 5))
_add("attention scores", lambda q, k: jnp.einsum("bqhd,bkhd->bhqk", q, k), (2, 3, 2, 4), (2, 5, 2, 4))
_add("dot_general", lambda x, y: lax.dot_general(x, y, (((0, 2), (2, 1)), ((1,), (0,)))), (2, 3, 4), (3, 4, 2))
_add("vector products", lambda x, y: (jnp.dot(x, y), jnp.outer(x, y), jnp.tensordot(x, y, 0)), _V, _V)
_add("vector times matrix", lambda x, y: x @ y, (4,), (4, 2))
_add(
    "matmul of integers",
    lambda x, y: lax.dot(x, y, preferred_element_type=np.int32),
    _I.astype(np.int8),
    _I.T.astype(np.int8),
    smooth=False,
)
_add("ragged_dot", lambda x, y: lax.ragged_dot(x, y, jnp.array([2, 1])), _A, (2, 4, 3))

_IMAGE = (2, 5, 6, 4)


def _conv(**options: Any) -> Callable[..., Any]:
    settings = {"window_strides": (1, 1), "padding": "SAME", "dimension_numbers": ("NHWC", "HWIO", "NHWC"), **options}
    return lambda x, k: lax.conv_general_dilated(x, k, **settings)


_add("conv", _conv(), _IMAGE, (3, 2, 4, 3))
_add("conv strides", _conv(window_strides=(2, 3), padding="VALID"), _IMAGE, (3, 2, 4, 3))
_add("conv pads", _conv(padding=((2, 0), (-1, 3))), _IMAGE, (3, 2, 4, 3))
_add("conv dilated", _conv(rhs_dilation=(2, 1)), _IMAGE, (2, 3, 4, 3))
_add("conv transposed", _conv(lhs_dilation=(2, 2), padding=((1, 2), (1, 1))), _IMAGE, (3, 2, 4, 3))
_add("conv groups", _conv(feature_group_count=2), _IMAGE, (3, 2, 2, 6))
_add("conv depthwise", _conv(feature_group_count=4), _IMAGE, (3, 2, 1, 8))
_add("conv batch groups", _conv(batch_group_count=2), _IMAGE, (3, 2, 4, 6))
_add("conv NCHW", _conv(dimension_numbers=("NCHW", "OIHW", "NCHW")), (2, 4, 5, 6), (3, 4, 3, 2))
_add("conv odd layout", _conv(dimension_numbers=("HNCW", "WOIH", "CWNH")), (5, 2, 4, 6), (2, 3, 4, 3))
_add("conv gradient", jax.grad(lambda k, x: jnp.sum(_conv()(x, k) ** 2)), (3, 2, 4, 3), _IMAGE)
_add("conv_transpose", lambda x, k: lax.conv_transpose(x, k, (2, 2), "SAME"), _IMAGE, (3, 2, 4, 3))
_add(
    "conv of a sequence",
    lambda x, k: lax.conv_general_dilated(x, k, (2,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")),
    (2, 7, 3),
    (3, 3, 2),
)
_add(
    "conv of volumes",
    lambda x, k: lax.conv_general_dilated(x, k, (1, 1, 1), "VALID", dimension_numbers=("NDHWC", "DHWIO", "NDHWC")),
    (1, 3, 4, 3, 2),
    (2, 2, 2, 2, 3),
)
_add("conv of points", lambda x, k: lax.conv_general_dilated(x, k, (), ()), (2, 3), (4, 3))


def _window(init: float, op: Any, window: Any, strides: Any, padding: Any, **options: Any) -> Callable[..., Any]:
    return lambda x: lax.reduce_window(x, np.float64(init), op, window, strides, padding, **options)


_add("max pool", _window(-np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"), _IMAGE)
_add("max pool same", _window(-np.inf, lax.max, (1, 3, 2, 1), (1, 2, 2, 1), "SAME"), _IMAGE)
_add("max pool NCHW", _window(-np.inf, lax.max, (1, 1, 2, 2), (1, 1, 1, 2), ((0, 0), (0, 0), (1, 0), (0, 1))), _IMAGE)
_add("min of windows", _window(np.inf, lax.min, (2, 3), (1, 2), "SAME"), _A)
_add("average pool", _window(0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"), _IMAGE)
_add(
    "sums of windows",
    _window(0.0, lax.add, (2, 2), (1, 1), "SAME", base_dilation=(2, 1), window_dilation=(1, 2)),
    (4, 5),
)
_add(
    "windows by a function",
    lambda x: lax.reduce_window(x, np.float64(0.0), lambda a, b: a + b + 0.0, (2, 2), (1, 1), "VALID"),
    _A,
    smooth=False,
)
_add(
    "gradient of max pool",
    jax.grad(lambda x: jnp.sum(_window(-np.inf, lax.max, (1, 3, 2, 1), (1, 2, 1, 1), "SAME")(x) ** 2)),
    _IMAGE,
)
_add(
    "forward gradient of max pool",
    lambda x: jax.jvp(_window(-np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"), (x,), (2 * x,))[1],
    _IMAGE,
)
_add(
    "max of integers in windows",
    lambda x: lax.reduce_window(x, np.int32(-99), lax.max, (2, 2), (1, 1), "VALID"),
    _I,
    smooth=False,
)

_PAIR = np.array([0, 5], np.int32)
_add("cond", lambda x: lax.cond(x.sum() > 0, jnp.sin, jnp.cos, x), _A)
_add("cond not", lambda x: lax.cond(x.sum() > 99, jnp.sin, jnp.cos, x), _A)
_add("switch", lambda i, x: lax.switch(i[0], [jnp.sin, jnp.cos, jnp.tanh], x), np.array([2], np.int32), _A)
_add("switch known", lambda x: lax.switch(1, [jnp.sin, jnp.cos], x), _A)
_add("scan", lambda x: lax.scan(lambda c, r: (c * 0.5 + r, jnp.tanh(c)), x[0], x), _A)
_add("scan back", lambda x, w: lax.scan(lambda c, r: (c * w + r, c), x[0], x, reverse=True), _A, (4,))
_add("scan of nothing", lambda x: lax.scan(lambda c, _: (jnp.sin(c), None), x, None, length=3)[0], _A)
_add("map", lambda x: lax.map(jnp.sin, x), _A)
_add("fori_loop", lambda x: lax.fori_loop(0, 3, lambda i, c: c * 0.5 + i, x), _A)
_add(
    "while", lambda x: lax.while_loop(lambda c: c[0] < 5, lambda c: (c[0] + 1, c[1] * 1.5), (0, x))[1], _A, smooth=False
)
_add("vmap of a loop", lambda x: jax.vmap(lambda r: lax.fori_loop(0, 3, lambda i, c: jnp.sin(c), r))(x), _A)

_COMPLEX = lambda x: lax.complex(x, 2 * x[::-1])  # noqa: E731
_add("complex", lambda x: jnp.real(_COMPLEX(x) * jnp.conj(_COMPLEX(x)) + 1j), _A, smooth=False)
_add("imag and abs", lambda x: (jnp.imag(_COMPLEX(x)), jnp.abs(_COMPLEX(x))), _A, smooth=False)
_add("fft", lambda x: jnp.real(jnp.fft.fft(x)), _A, smooth=False)
_add("ifft", lambda x: jnp.imag(jnp.fft.ifft2(_COMPLEX(x))), _A, smooth=False)
_add("rfft", lambda x: jnp.abs(jnp.fft.rfft(x)), (3, 6), smooth=False)
_add("irfft", lambda x: jnp.fft.irfft(jnp.fft.rfft2(x), n=6), (3, 6), smooth=False)
_add("irfft of odd size", lambda x: jnp.fft.irfft(jnp.fft.rfft(x), n=5), (3, 5), smooth=False)
_add("irfft2", lambda x: jnp.fft.irfft2(jnp.fft.rfft2(x), (3, 6)), (3, 6), smooth=False)


def _spd(x: Any) -> Any:
    return x @ x.T + 4 * jnp.eye(4)


_add("cholesky", lambda x: jnp.linalg.cholesky(_spd(x)), _M)
_add("solve", lambda x, b: jnp.linalg.solve(_spd(x) + x, b), _M, (4, 2))
_add("inv", lambda x: jnp.linalg.inv(_spd(x) + x), _M)
_add("det", lambda x: jnp.linalg.det(x), _M)
_add("slogdet", lambda x: jnp.linalg.slogdet(x)[1], _M)
_add("lu", lambda x: lax.linalg.lu(x), (2, 4, 4), smooth=False)
_add(
    "lu_pivots_to_permutation",
    lambda p: lax.linalg.lu_pivots_to_permutation(p, 5),
    np.array([[2, 2, 3], [0, 4, 2]], np.int32),
    smooth=False,
)
_add("lu of a wide matrix", lambda x: lax.linalg.lu(x), _A, smooth=False)
_add(
    "triangular_solve",
    lambda a, b: lax.linalg.triangular_solve(_spd(a), b, left_side=True, lower=True, transpose_a=True),
    _M,
    (4, 2),
)
_add("triangular_solve right", lambda a, b: lax.linalg.triangular_solve(_spd(a), b, unit_diagonal=True), _M, (2, 4))
_add("eigh", lambda x: jnp.linalg.eigh(_spd(x))[0], _M, noted=True)
_add("svd", lambda x: jnp.linalg.svd(x, compute_uv=False), _A)
_add(
    "svd put together",
    lambda x: (lambda u, s, v: (u * s) @ v)(*jnp.linalg.svd(x, full_matrices=False)),
    _A,
    smooth=False,
    noted=True,
)
_add("qr put together", lambda x: (lambda q, r: q @ r)(*jnp.linalg.qr(x)), _M, smooth=False, noted=True)
_add(
    "eigh put together", lambda x: (lambda w, v: (v * w) @ v.T)(*jnp.linalg.eigh(_spd(x))), _M, smooth=False, noted=True
)
_add(
    "tridiagonal_solve",
    lambda l, d, u, b: lax.linalg.tridiagonal_solve(l.at[0].set(0), d * d + 4, u.at[-1].set(0), b),
    _V,
    _V,
    _V,
    (5, 2),
)


def _key(words: Any) -> Any:
    return jax.random.wrap_key_data(words)


for _name, _f in {
    "random bits": lambda k: jax.random.bits(_key(k), (3, 5)),
    "random bytes": lambda k: jax.random.bits(_key(k), (7,), np.uint8),
    "random 64 bits": lambda k: jax.random.bits(_key(k), (7,), np.uint64),
    "one random word": lambda k: jax.random.bits(_key(k)),
    "split": lambda k: jax.random.key_data(jax.random.split(_key(k), 3)),
    "split old keys": lambda k: jax.random.split(k, 2),
    "fold_in": lambda k: jax.random.key_data(jax.random.fold_in(_key(k), 99)),
    "uniform": lambda k: jax.random.uniform(_key(k), (5,), np.float32),
    "normal": lambda k: jax.random.normal(_key(k), (5,), np.float64),
    "bernoulli": lambda k: jax.random.bernoulli(_key(k), 0.3, (9,)),
    "randint": lambda k: jax.random.randint(_key(k), (9,), 3, 17),
    "permutation": lambda k: jax.random.permutation(_key(k), 6),
    "categorical": lambda k: jax.random.categorical(_key(k), jnp.arange(4.0), shape=(5,)),
    "key of a seed": lambda k: jax.random.key_data(jax.random.key(k[0].astype(np.int32))),
    "keys of many": lambda k: jax.vmap(lambda i: jax.random.uniform(jax.random.fold_in(_key(k), i), (2,)))(
        jnp.arange(3)
    ),
    "threefry2x32": lambda k: jax.extend.random.threefry_2x32((k[0], k[1]), jnp.arange(6, dtype=np.uint32)),
    "keys moved": lambda k: jax.random.key_data(jax.random.split(_key(k), 4)[::-1][1:3]),
    "key in a loop": lambda k: lax.scan(
        lambda c, _: (jax.random.split(c)[0], jax.random.uniform(c)), _key(k), None, length=3
    )[1],
    "gumbel": lambda k: jax.random.gumbel(_key(k), (4,)),
    "truncated_normal": lambda k: jax.random.truncated_normal(_key(k), -2, 2, (4,)),
    "clone": lambda k: jax.random.bits(jax.random.clone(_key(k)), (2,)),
}.items():
    _add(_name, _f, _SEED, smooth=False)

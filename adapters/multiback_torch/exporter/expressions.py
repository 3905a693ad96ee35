"""How each op is written in PyTorch."""

from __future__ import annotations

import inspect
from typing import Any

from multiback.graph.dims import Dim, product
from multiback.graph.ir import Equation
from multiback.graph.source import Lowering
from multiback.porting.source.calls import Call, Entry, Template, When, Write, resolve
from multiback.porting.source.conditions import is_float
from multiback_torch.exporter.helpers.layers import attention
from multiback_torch.exporter.helpers.recurrent import gru, lstm, simple_rnn
from multiback_torch.fast import FAST
from multiback_torch.lowering import LOWER

_AXES = {"axis": None, "keepdims": False}
_NAMED = {"axis": "dim", "keepdims": "keepdim"}
_OWN = frozenset({"linear", "remat", "dropout", "random_bits", "fold_in"})
"""Fast versions that are not copied: they are for running, not for reading."""


def adapted(lowering: Lowering) -> Entry:
    """An entry of the adapter's tables: numbers are tensors among the arguments of a function, and stay numbers beside
    an operator."""
    if isinstance(lowering, str):
        called = lowering.startswith(("torch.", "F.")) or ":array}." in lowering
        return lowering.replace(":array}", ":tensor}") if called else lowering

    def verbatim(equation: Equation) -> Template:
        parts = [f"{{{name}:tensor}}" for name in equation.op.operands]
        parts += [f"{name}={{{name}}}" for name in equation.op.attributes]
        if "output_specs" in inspect.signature(lowering).parameters:
            parts.append("output_specs={output_specs}")
        return Template(f"{lowering.__name__}({', '.join(parts)})", (lowering,))

    return Write(verbatim)


def _fast(name: str) -> Entry:
    return When(adapted(FAST[name].lowering), FAST[name].when)


def _reshape(equation: Equation) -> str:
    x, shape = equation.flat_inputs[0], equation.attributes["newshape"]
    if x.ndim > 2 and len(shape) == 2 and isinstance(shape[1], int) and shape == (x.shape[0], product(x.shape[1:])):
        return "{x:array}.flatten(1)"
    unknown = [n for n in shape if isinstance(n, Dim)]
    if len(unknown) == 1 and 0 not in shape:
        return f"{{x:array}}.reshape({', '.join('-1' if isinstance(n, Dim) else str(n) for n in shape)})"
    return "{x:array}.reshape({newshape:args})" if shape else "{x:array}.reshape(())"


def _transpose(equation: Equation) -> str:
    axes = equation.attributes["axes"]
    moved = [i for i, a in enumerate(axes) if i != a]
    if len(axes) == 2 and moved:
        return "{x:array}.t()"
    if len(moved) == 2:
        first, second = moved
        return (
            "{x:array}.mT"
            if second == len(axes) - 1 and first == second - 1
            else f"{{x:array}}.transpose({first}, {second})"
        )
    return "{x:array}.permute({axes:args})" if axes else "{x:array}"


def _sum(equation: Equation) -> Any:
    if not is_float(equation):
        return resolve(adapted(LOWER["sum"]), equation)
    axis = equation.attributes["axis"]
    if axis is not None and len(axis) == 0:
        return "{x:array}.sum(())" if equation.flat_inputs[0].ndim == 0 else "{x:array}"
    return Call("torch.sum", arguments=_AXES, names=_NAMED)(equation)


def _linear(equation: Equation) -> str:
    y = "{x} @ {kernel}" if equation.inputs[2] is None else "{x} @ {kernel} + {bias}"
    activation = equation.attributes["activation"]
    return y if activation == "linear" else f"torch.{activation}({y})"


def _getitem(equation: Equation) -> str:
    return "{x:array}[{key:index}]"


def _concatenate(equation: Equation) -> str:
    return "torch.cat({xs})" if equation.attributes["axis"] == 0 else "torch.cat({xs}, {axis})"


def _dropout(equation: Equation) -> str:
    x = equation.inputs[0]
    shape = equation.attributes["noise_shape"]
    if shape is None or tuple(shape) == tuple(x.shape):  # type: ignore[union-attr]
        return "F.dropout({x:array}, {rate})"
    return "{x:array} * F.dropout(torch.ones({noise_shape}, dtype={output_dtype}, device={device}), {rate})"


def _constant_pad(equation: Equation) -> str | Template | None:
    widths = [n for pair in reversed(equation.attributes["pad_width"]) for n in pair]
    while widths and widths[-1] == widths[-2] == 0:
        del widths[-2:]
    if not widths:
        return "{x:array}"
    value = "" if equation.attributes["value"] == 0 else ", value={value}"
    if any(isinstance(n, Dim) for n in widths):
        return resolve(adapted(LOWER["constant_pad"]), equation)
    return f"F.pad({{x:array}}, {tuple(widths)}{value})"


def _gelu(equation: Equation) -> str:
    return 'F.gelu({x:array}, approximate="tanh")' if equation.attributes["approximate"] else "F.gelu({x:array})"


def _pool(equation: Equation) -> Any:
    """A plain call where the padding is plain; otherwise the helper."""
    a = equation.attributes
    name = equation.op.name
    n = len(a["pool_size"])
    x = equation.flat_inputs[0]
    if not x.dtype.is_float or a["data_format"] != "channels_first" or set(a) != {
        "pool_size", "strides", "padding", "data_format"
    }:  # fmt: skip
        return None
    pads = _plain_padding(a["padding"], x.shape[2:], a["pool_size"], a["strides"])
    if pads is None or (any(pads) and name == "average_pool"):
        return None
    window = _all_same(a["pool_size"])
    parts = [str(window)]
    if a["strides"] != a["pool_size"]:
        parts.append(str(_all_same(a["strides"])))
    if any(pads):
        parts.append(f"padding={_all_same(pads)}")
    kind = "max" if name == "max_pool" else "avg"
    return f"F.{kind}_pool{n}d({{inputs}}, {', '.join(parts)})"


def _plain_padding(padding: Any, sizes: Any, window: Any, strides: Any) -> tuple[int, ...] | None:
    """The same number of zeros on both sides of each axis, or None."""
    if padding == "valid":
        return (0,) * len(window)
    if padding == "same":
        if any(isinstance(n, Dim) for n in sizes):
            return None
        totals = [max(((m - 1) // s) * s + k - m, 0) for m, k, s in zip(sizes, window, strides)]
        return tuple(t // 2 for t in totals) if all(t % 2 == 0 for t in totals) else None
    return tuple(a for a, _ in padding) if all(a == b for a, b in padding) else None


def _all_same(items: Any) -> Any:
    return items[0] if len(set(items)) == 1 else tuple(items)


def plain(items: Any) -> Any:
    """One number for a tuple of equal ones."""
    return _all_same(items)


def _normal(equation: Equation) -> str:
    mean, deviation = equation.attributes.get("mean", 0.0), equation.attributes.get("stddev", 1.0)
    y = "torch.randn({shape}, dtype={dtype}, device={device})"
    y = y if deviation == 1 else f"{{stddev}} * {y}"
    return y if mean == 0 else f"{y} + {{mean}}"


def _uniform(equation: Equation) -> str:
    low, high = equation.attributes["low"], equation.attributes["high"]
    y = "torch.rand({shape}, dtype={dtype}, device={device})"
    return y if (low, high) == (0, 1) else f"{{low}} + ({{high}} - {{low}}) * {y}"


_ACTIVATIONS = {
    "relu": "torch.relu({x:array})",
    "square": "torch.square({x:array})",
    "rsqrt": "torch.rsqrt({x:array})",
    "reciprocal": "1 / {x:array}",
    "hard_silu": None,
    "softsign": "F.softsign({x:array})",
    "tanh_shrink": "F.tanhshrink({x:array})",
    "exp2": "torch.exp2({x:array})",
    "log2": "torch.log2({x:array})",
    "log10": "torch.log10({x:array})",
    "isinf": "torch.isinf({x:array})",
    "isfinite": "torch.isfinite({x:array})",
}

EXPRESSIONS: dict[str, Entry] = {
    **{name: adapted(lowering) for name, lowering in LOWER.items()},
    **{name: _fast(name) for name in FAST if name not in _OWN},
    **{name: text for name, text in _ACTIVATIONS.items() if text is not None},
    "logical_and": "{x1:array} & {x2:array}",
    "logical_or": "{x1:array} | {x2:array}",
    "logical_xor": "{x1:array} ^ {x2:array}",
    "logical_not": "~{x:array}",
    "where": LOWER["where"],
    "reshape": Write(_reshape),
    "transpose": Write(_transpose),
    "linear": Write(_linear),
    "matmul": "{x1} @ {x2}",
    "einsum": "torch.einsum({subscripts}, {operands:args})",
    "concatenate": Write(_concatenate),
    "dropout": Write(_dropout),
    "normal": Write(_normal),
    "bernoulli": "torch.rand({shape}, device={device}) < {probability}",
    "random_bits": "torch.randint(-(2**31), 2**31, {shape}, dtype=torch.int32, device={device})",
    "uniform": Write(_uniform),
    "gelu": Write(_gelu),
    "elu": Call("F.elu", arguments={"alpha": 1.0}),
    "softmax": When(Call("torch.softmax", arguments={"axis": None}, names=_NAMED), FAST["softmax"].when),
    "log_softmax": When(Call("torch.log_softmax", arguments={"axis": None}, names=_NAMED), FAST["log_softmax"].when),
    "max_pool": When(Write(_pool), lambda e: _pool(e) is not None, _fast("max_pool")),
    "average_pool": When(Write(_pool), lambda e: _pool(e) is not None, _fast("average_pool")),
    "sum": Write(lambda e: _sum(e)),
    "mean": When(Call("torch.mean", arguments=_AXES, names=_NAMED), is_float, _fast("mean")),
    "amax": Call("torch.amax", arguments={"axis": None, "keepdims": False}, names=_NAMED),
    "amin": Call("torch.amin", arguments={"axis": None, "keepdims": False}, names=_NAMED),
    "dot_product_attention": When(
        Call(attention, arguments={"scale": None, "is_causal": False}), FAST["dot_product_attention"].when
    ),
    "lstm": When(Call(lstm), FAST["lstm"].when),
    "gru": When(Call(gru), FAST["gru"].when),
    "simple_rnn": When(Call(simple_rnn), FAST["simple_rnn"].when),
    "constant_pad": Write(_constant_pad),
    "zeros": "torch.zeros({shape}, dtype={dtype}, device={device})",
    "ones": "torch.ones({shape}, dtype={dtype}, device={device})",
    "repeat": When(
        Call("torch.repeat_interleave", positional=("repeats",), arguments={"axis": None}, names=_NAMED),
        lambda e: isinstance(e.attributes["repeats"], int) and isinstance(e.attributes["axis"], int),
    ),
    "tile": When("torch.tile({x}, {repeats})", lambda e: isinstance(e.attributes["repeats"], tuple)),
    "iota": "torch.arange({size}, dtype=torch.int32, device={device})",
    "dimension": "torch.scalar_tensor({size}, dtype={dtype}, device={device})",
    "broadcast_to": "{x:array}.expand({shape:args})",
}
"""From the name of an op; what is not here is written as the op's body."""

"""Convolutions that treat every channel on its own."""

from __future__ import annotations

from typing import Any

from multiback.config import standardize_data_format
from multiback.errors import ShapeError
from multiback.ops import _windows as windows
from multiback.ops._cases import HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._rules import promoting
from multiback.ops.convolution import conv, explicit_padding, magnitude
from multiback.ops.shaping import reshape

_FLOAT = promoting("inputs", "kernel", to_float=True)


def _depthwise_canonical(call: dict[str, Any]) -> None:
    _FLOAT(call)
    x, kernel = call["inputs"], call["kernel"]
    n = windows.check_rank("depthwise_conv", x)
    call["data_format"] = standardize_data_format(call["data_format"])
    for name in ("strides", "dilation_rate"):
        call[name] = windows.per_axis(call[name], n, name)
    channels = x.shape[-1 if call["data_format"] == "channels_last" else 1]
    if kernel.ndim != x.ndim or kernel.shape[-2] != channels:
        raise ShapeError(
            f"depthwise_conv() on {channels} channels needs a kernel (spatial..., {channels}, multiplier), "
            f"got {kernel.shape}."
        )
    call["padding"] = explicit_padding({**call, "input_dilation": (1,) * n}, n)


def _near_depthwise(x: Any, kernel: Any, **attributes: Any) -> Any:
    return magnitude(x, kernel.reshape(*kernel.shape[:-2], 1, -1), **attributes)


def _depthwise_cases() -> list[Case]:
    rows: list[tuple[Any, Any, dict[str, Any]]] = [
        (("batch", 6, 7, 3), (3, 3, 3, 1), {}),
        (("batch", 7, 6, 3), (3, 2, 3, 2), {"padding": "same"}),
        (("batch", 8, 8, 3), (3, 3, 3, 1), {"padding": "same", "strides": 2}),
        (("batch", 8, 7, 3), (3, 3, 3, 2), {"strides": (1, 2), "padding": ((1, 0), (0, 2))}),
        (("batch", 8, 8, 2), (2, 3, 2, 1), {"dilation_rate": 2, "padding": "same"}),
        (("batch", "time", 4, 2), (3, 3, 2, 1), {"padding": "same", "strides": 2}),
        (("batch", "time", 2), (3, 2, 1), {"padding": "same"}),
        (("batch", 3, 6, 6), (3, 3, 3, 1), {"data_format": "channels_first"}),
        (("batch", 3, 7, 6), (3, 2, 3, 2), {"data_format": "channels_first", "strides": 2, "padding": "same"}),
        (("batch", 8, 2), (3, 2, 2), {"strides": 2, "padding": "same"}),
        (("batch", 8, 2), (3, 2, 1), {"strides": 2, "dilation_rate": 2}),
        (("batch", 3, "time"), (2, 3, 1), {"data_format": "channels_first", "padding": "same"}),
        (("batch", 8, 8, 2), (2, 3, 2, 1), {"dilation_rate": (1, 2), "strides": (2, 1)}),
        (("batch", 4, 3, 5, 2), (2, 2, 3, 2, 2), {"padding": "same"}),
        (("batch", 4, 5, 1), (9, 9, 1, 1), {"padding": "same"}),
    ]
    bound = Bound(8, _near_depthwise)
    x, kernel = Sample((2, 6, 7, 8)), Sample((3, 3, 8, 2))
    others: list[tuple[str, Any, dict[str, Any], Any, bool]] = [
        ("other floats", (x, kernel), {"padding": "same"}, OTHER_FLOATS, False),
        ("wide kernel in other floats", (x, Sample((6, 7, 8, 1))), {}, OTHER_FLOATS, False),
        ("gradient in half precision", (x, kernel), {"strides": 2}, HALVES, True),
        ("integers", (Sample((2, 5, 2), -9, 9), Sample((2, 2, 1), -9, 9)), {}, ("int32", "uint8"), False),
    ]
    return [
        Case((Sample(x), Sample(k)), attributes, f"{x} {k} {attributes or ''}".strip(), bound=bound)
        for x, k, attributes in rows
    ] + [Case(operands, a, label, dtypes, bound, smooth) for label, operands, a, dtypes, smooth in others]


@composite(canonical=_depthwise_canonical, cases=_depthwise_cases())
def depthwise_conv(
    inputs: Array,
    kernel: Array,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution of every channel on its own: y[n, p, c * multiplier + m] = sum_k x[n, p + k, c] w[k, c, m].

    Arguments:
        inputs: (batch, spatial..., channels), or channels first.
        kernel: (spatial..., channels, multiplier).
        strides, padding, data_format, dilation_rate: As in `conv`.

    Returns:
        (batch, spatial..., channels * multiplier) in the same layout.

    Raises:
        ShapeError: if ranks or channels do not fit.

    Source: Chollet 2017, Xception.

    Example:
        >>> tuple(ops.depthwise_conv(ops.ones((1, 3, 3, 2)), ops.ones((2, 2, 2, 1))).shape)
        (1, 2, 2, 2)
    """
    *space, channels, multiplier = kernel.shape
    kernel = reshape(kernel, (*space, 1, channels * multiplier))
    return conv(inputs, kernel, strides, padding, data_format, dilation_rate, groups=channels)


def _near_separable(x: Any, depthwise: Any, pointwise: Any, **attributes: Any) -> Any:
    inner = _near_depthwise(x, depthwise, **attributes)
    return magnitude(inner, pointwise, data_format=attributes.get("data_format"))


def _separable_canonical(call: dict[str, Any]) -> None:
    promoting("inputs", "depthwise_kernel", "pointwise_kernel", to_float=True)(call)


@composite(
    canonical=_separable_canonical,
    cases=[
        Case((Sample(x), Sample(d), Sample(p)), attributes, f"{x} {attributes}", bound=Bound(8, _near_separable))
        for x, d, p, attributes in (
            (("batch", 6, 6, 3), (3, 3, 3, 2), (1, 1, 6, 4), {"padding": "same"}),
            (("batch", 3, 7, 6), (3, 2, 3, 1), (1, 1, 3, 4), {"strides": 2, "data_format": "channels_first"}),
            (("batch", 6, 3), (3, 3, 2), (1, 6, 4), {}),
            (("batch", 5, 4, 3, 2), (2, 2, 2, 2, 1), (1, 1, 1, 2, 3), {"dilation_rate": 2, "padding": "same"}),
        )
    ]
    + [
        Case(
            (Sample((2, 5, 5, 3)), Sample((3, 3, 3, 2)), Sample((1, 1, 6, 4))),
            {},
            "other floats",
            OTHER_FLOATS,
            Bound(8, _near_separable),
            False,
        )
    ],
)
def separable_conv(
    inputs: Array,
    depthwise_kernel: Array,
    pointwise_kernel: Array,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """A depthwise convolution, then a pointwise one that mixes the channels.

    Arguments:
        inputs: (batch, spatial..., channels), or channels first.
        depthwise_kernel: (spatial..., channels, multiplier).
        pointwise_kernel: (1..., channels * multiplier, filters).
        strides, padding, data_format, dilation_rate: Of the depthwise convolution, as in `conv`.

    Returns:
        (batch, spatial..., filters) in the same layout.

    Raises:
        ShapeError: if ranks or channels do not fit.

    Source: Chollet 2017, Xception.

    Example:
        >>> tuple(ops.separable_conv(ops.ones((1, 3, 3, 2)), ops.ones((2, 2, 2, 1)), ops.ones((1, 1, 2, 5))).shape)
        (1, 2, 2, 5)
    """
    inner = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(inner, pointwise_kernel, data_format=data_format)

"""Convolution and pooling, as they stand in an exported file."""

import math

import jax.numpy as jnp
from jax import lax


def conv(
    x, kernel, bias=None, *, strides, padding, data_format="channels_last", dilation_rate=1, groups=1,
    input_dilation=1,
):  # fmt: skip
    """Convolution with a kernel of shape (*window, channels / groups, filters)."""
    n = len(strides)
    space = "DHW"[3 - n :]
    layout = f"N{space}C" if data_format == "channels_last" else f"NC{space}"
    spread, dilated = ((d,) * n if isinstance(d, int) else d for d in (input_dilation, dilation_rate))
    y = lax.conv_general_dilated(
        x, kernel, strides, padding, spread, dilated, (layout, f"{space}IO", layout), feature_group_count=groups
    )
    if bias is None:
        return y
    return y + (bias if data_format == "channels_last" else bias.reshape(-1, *[1] * n))


def depthwise_conv(x, kernel, *, strides, padding, data_format="channels_last", dilation_rate=1):
    """Convolution of each channel alone, with a kernel of shape (*window, channels, multiplier)."""
    *window, channels, multiplier = kernel.shape
    filters = kernel.reshape(*window, 1, channels * multiplier)
    return conv(
        x, filters, strides=strides, padding=padding, data_format=data_format, dilation_rate=dilation_rate,
        groups=channels,
    )  # fmt: skip


def max_pool(x, pool_size, strides, padding="valid", data_format="channels_last"):
    """The largest element of each window."""
    window, steps = ((1, *n, 1) if data_format == "channels_last" else (1, 1, *n) for n in (pool_size, strides))
    return lax.reduce_window(x, -jnp.inf, lax.max, window, steps, padding.upper())


def average_pool(x, pool_size, strides, padding="valid", data_format="channels_last"):
    """The mean of each window, of the elements inside x."""
    window, steps = ((1, *n, 1) if data_format == "channels_last" else (1, 1, *n) for n in (pool_size, strides))
    sums = lax.reduce_window(x, 0.0, lax.add, window, steps, padding.upper())
    if padding == "valid":
        return sums / math.prod(pool_size)
    return sums / lax.reduce_window(jnp.ones_like(x), 0.0, lax.add, window, steps, "SAME")

"""Convolution by XLA, which takes every layout and dilation as it is."""

from jax import lax


def conv(inputs, kernel, bias, *, strides, padding, data_format, dilation_rate, groups, input_dilation):
    n = len(strides)
    space = "DHW"[3 - n :]
    layout = f"N{space}C" if data_format == "channels_last" else f"NC{space}"
    if padding == "same":
        sizes = inputs.shape[1:-1] if data_format == "channels_last" else inputs.shape[2:]
        sizes = [(size - 1) * d + 1 for size, d in zip(sizes, input_dilation)]
        extents = [(k - 1) * d + 1 for k, d in zip(kernel.shape, dilation_rate)]
        padding = lax.padtype_to_pads(sizes, extents, strides, "SAME")
    numbers = (layout, f"{space}IO", layout)
    y = lax.conv_general_dilated(
        inputs, kernel, strides, padding, input_dilation, dilation_rate, numbers, feature_group_count=groups
    )
    if bias is None:
        return y
    return y + (bias if data_format == "channels_last" else bias.reshape(-1, *[1] * n))


LOWER = {"conv": conv}

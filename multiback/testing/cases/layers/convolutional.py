"""Convolutions: plain, transposed, depthwise and separable."""

from multiback.testing.cases.layers.case import layer_cases

CASES = layer_cases(
    ("Conv1D", {"filters": 3, "kernel_size": 3}, (2, 7, 2), (2, 5, 3)),
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, (2, 7, 2), (2, 7, 3)),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "strides": 2, "padding": "same", "groups": 2}, (2, 7, 4), (2, 4, 4)),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "activation": "relu"}, (2, 6, 7, 2), (2, 4, 5, 3)),
    ("Conv2D", {"filters": 3, "kernel_size": (3, 2), "strides": 2, "padding": "same"}, (2, 6, 7, 2), (2, 3, 4, 3)),
    ("Conv2D", {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "use_bias": False}, (2, 6, 7, 2), (2, 4, 5, 2)),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "data_format": "channels_first"}, (2, 2, 5, 6), (2, 3, 3, 4)),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "strides": (1, 2, 1)}, (2, 3, 4, 4, 2), (2, 2, 2, 3, 2)),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, (2, 4, 2), (2, 8, 3)),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}, (2, 3, 4, 2), (2, 7, 9, 3)),
    (
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1},
        (2, 3, 4, 2),
        (2, 6, 8, 2),
    ),
    ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}, (2, 2, 3, 2, 2), (2, 4, 6, 4, 2)),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, (2, 6, 3), (2, 4, 6)),
    ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"}, (2, 6, 6, 3), (2, 3, 3, 3)),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 3, "padding": "same"}, (2, 6, 3), (2, 6, 4)),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "depth_multiplier": 2}, (2, 6, 6, 3), (2, 4, 4, 4)),
)

"""Convolutional classifiers in the Keras API."""

from typing import Any

from workloads import Workload


def cnn(api: Any, workload: Workload) -> Any:
    """Two 3x3 convolutions, each with a max pool."""
    layers = api.layers
    return api.Sequential(
        [
            layers.Input(workload.input_shape),
            layers.Conv2D(32, 3, activation="relu", name="conv_1"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu", name="conv_2"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(workload.outputs, name="dense"),
        ]
    )


def resnet(api: Any, workload: Workload) -> Any:
    """One block of two 3x3 convolutions for each stage; all stages but the first halve the image."""
    layers = api.layers

    def conv_norm(x: Any, name: str, part: str, filters: int, window: int, stride: int) -> Any:
        number = part.replace("conv", "norm")
        x = layers.Conv2D(filters, window, strides=stride, padding="same", use_bias=False, name=f"{name}_{part}")(x)
        return layers.BatchNormalization(name=f"{name}_{number}")(x)

    inputs = layers.Input(workload.input_shape)
    filters = workload.sizes["filters"]
    x = layers.ReLU()(conv_norm(inputs, "stem", "conv", filters[0], 3, 1))
    for number, width in enumerate(filters, 1):
        name, stride, shortcut = f"stage_{number}", 1, x
        if number > 1:
            stride = 2
            shortcut = conv_norm(layers.AveragePooling2D(2)(x), name, "shortcut_conv", width, 1, 1)
        x = layers.ReLU()(conv_norm(x, name, "conv_1", width, 3, stride))
        x = conv_norm(x, name, "conv_2", width, 3, 1)
        x = layers.ReLU()(layers.Add()([x, shortcut]))
    x = layers.GlobalAveragePooling2D()(x)
    return api.Model(inputs, layers.Dense(workload.outputs, name="dense")(x))


def depthwise(api: Any, workload: Workload) -> Any:
    """Blocks of a depthwise 3x3 and a pointwise convolution, with batch normalization after each."""
    layers = api.layers
    stack = [
        layers.Input(workload.input_shape),
        layers.Conv2D(workload.sizes["stem"], 3, padding="same", use_bias=False, name="stem_conv"),
        layers.BatchNormalization(name="stem_norm"),
        layers.ReLU(),
    ]
    for number, (filters, stride) in enumerate(workload.sizes["blocks"], 1):
        name = f"block_{number}"
        stack += [
            layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise"),
            layers.BatchNormalization(name=f"{name}_norm_1"),
            layers.ReLU(),
            layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_pointwise"),
            layers.BatchNormalization(name=f"{name}_norm_2"),
            layers.ReLU(),
        ]
    return api.Sequential([*stack, layers.GlobalAveragePooling2D(), layers.Dense(workload.outputs, name="dense")])


def conv1d(api: Any, workload: Workload) -> Any:
    """Strided convolutions over time with batch normalization, averaged at the end."""
    layers = api.layers
    stack = [layers.Input(workload.input_shape)]
    for number, (filters, window, stride) in enumerate(workload.sizes["layers"], 1):
        stack += [
            layers.Conv1D(filters, window, strides=stride, use_bias=False, name=f"conv_{number}"),
            layers.BatchNormalization(name=f"norm_{number}"),
            layers.ReLU(),
        ]
    return api.Sequential([*stack, layers.GlobalAveragePooling1D(), layers.Dense(workload.outputs, name="dense")])


MODELS = {"cnn": cnn, "resnet": resnet, "depthwise": depthwise, "conv1d": conv1d}

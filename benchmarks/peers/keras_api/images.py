"""Networks from image to image in the Keras API."""

from typing import Any

from workloads import Workload


def autoencoder(api: Any, workload: Workload) -> Any:
    """Two strided convolutions down, two transposed ones up."""
    layers = api.layers
    down = {"strides": 2, "padding": "same", "activation": "relu"}
    return api.Sequential(
        [
            layers.Input(workload.input_shape),
            layers.Conv2D(32, 4, name="conv_1", **down),
            layers.Conv2D(64, 4, name="conv_2", **down),
            layers.Conv2DTranspose(32, 4, name="transpose_1", **down),
            layers.Conv2DTranspose(16, 4, name="transpose_2", **down),
            layers.Conv2D(workload.outputs, 3, padding="same", name="conv_3"),
        ]
    )


def unet(api: Any, workload: Workload) -> Any:
    """Convolutions at three sizes of the image; what goes up is joined with what came down."""
    layers = api.layers

    def conv(filters: int, name: str) -> Any:
        return layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)

    inputs = layers.Input(workload.input_shape)
    down_1 = conv(16, "down_1")(inputs)
    down_2 = conv(32, "down_2")(layers.MaxPooling2D(2)(down_1))
    x = conv(64, "bottom")(layers.MaxPooling2D(2)(down_2))
    x = conv(32, "up_2")(layers.Concatenate()([layers.UpSampling2D(2)(x), down_2]))
    x = conv(16, "up_1")(layers.Concatenate()([layers.UpSampling2D(2)(x), down_1]))
    return api.Model(inputs, layers.Conv2D(workload.outputs, 1, name="output")(x))


MODELS = {"autoencoder": autoencoder, "unet": unet}

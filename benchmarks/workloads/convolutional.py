"""Networks over images and signals that end in classes."""

from workloads.definition import CLASSES, Chunks, Input, Workload
from workloads.weights import conv, dense


def _cnn(name: str, batch: int, train: Chunks, predict: Chunks) -> Workload:
    return Workload(
        name=name,
        title=f"CNN 28x28x1, two 3x3 convolutions, batch {batch}",
        kind="cnn",
        batch=batch,
        inputs=(Input((28, 28, 1)),),
        weights=(
            *conv("conv_1", (3, 3), 1, 32),
            *conv("conv_2", (3, 3), 32, 64),
            *dense("dense", 5 * 5 * 64, CLASSES),
        ),
        train=train,
        predict=predict,
    )


WORKLOADS = (_cnn("cnn", 64, Chunks(2, 16), Chunks(8, 64)),)

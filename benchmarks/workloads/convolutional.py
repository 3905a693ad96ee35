"""Networks over images and signals that end in classes."""

from itertools import pairwise

from workloads.definition import CLASSES, Chunks, Input, Weights, Workload
from workloads.weights import batch_norm, conv, dense, depthwise


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


def _resnet_weights(filters: tuple[int, ...]) -> Weights:
    weights: Weights = (*conv("stem_conv", (3, 3), 3, filters[0], bias=False), *batch_norm("stem_norm", filters[0]))
    for stage, (inputs, outputs) in enumerate(pairwise((filters[0], *filters)), 1):
        name = f"stage_{stage}"
        weights += (
            *conv(f"{name}_conv_1", (3, 3), inputs, outputs, bias=False),
            *batch_norm(f"{name}_norm_1", outputs),
            *conv(f"{name}_conv_2", (3, 3), outputs, outputs, bias=False),
            *batch_norm(f"{name}_norm_2", outputs),
        )
        if inputs != outputs:
            weights += (
                *conv(f"{name}_shortcut_conv", (1, 1), inputs, outputs, bias=False),
                *batch_norm(f"{name}_shortcut_norm", outputs),
            )
    return (*weights, *dense("dense", filters[-1], CLASSES))


def _depthwise_weights(stem: int, blocks: tuple[tuple[int, int], ...]) -> Weights:
    weights: Weights = (*conv("stem_conv", (3, 3), 3, stem, bias=False), *batch_norm("stem_norm", stem))
    inputs = stem
    for number, (outputs, _) in enumerate(blocks, 1):
        name = f"block_{number}"
        weights += (
            *depthwise(f"{name}_depthwise", (3, 3), inputs),
            *batch_norm(f"{name}_norm_1", inputs),
            *conv(f"{name}_pointwise", (1, 1), inputs, outputs, bias=False),
            *batch_norm(f"{name}_norm_2", outputs),
        )
        inputs = outputs
    return (*weights, *dense("dense", inputs, CLASSES))


def _signal_weights(channels: int, layers: tuple[tuple[int, int, int], ...]) -> Weights:
    weights: Weights = ()
    for number, (filters, window, _) in enumerate(layers, 1):
        weights += (
            *conv(f"conv_{number}", (window,), channels, filters, bias=False),
            *batch_norm(f"norm_{number}", filters),
        )
        channels = filters
    return (*weights, *dense("dense", channels, CLASSES))


RESNET = (16, 32, 64)
# Filters and stride of each block.
DEPTHWISE = ((32, 1), (64, 2), (64, 1), (128, 2))
# Filters, window and stride of each layer.
SIGNAL = ((32, 16, 4), (64, 8, 4), (64, 4, 2))

WORKLOADS = (
    _cnn("cnn", 64, Chunks(2, 16), Chunks(8, 64)),
    _cnn("cnn-batch-1", 1, Chunks(16, 128), Chunks(32, 256)),
    Workload(
        name="resnet",
        title="ResNet of 8 layers, 32x32x3, 3 stages of 16, 32 and 64 filters, batch 32",
        kind="resnet",
        batch=32,
        inputs=(Input((32, 32, 3)),),
        weights=_resnet_weights(RESNET),
        train=Chunks(1, 8),
        predict=Chunks(2, 16),
        sizes={"filters": RESNET},
    ),
    Workload(
        name="depthwise",
        title="Depthwise-separable network, 32x32x3, four blocks, batch 16",
        kind="depthwise",
        batch=16,
        inputs=(Input((32, 32, 3)),),
        weights=_depthwise_weights(16, DEPTHWISE),
        train=Chunks(1, 8),
        predict=Chunks(4, 32),
        sizes={"stem": 16, "blocks": DEPTHWISE},
    ),
    Workload(
        name="conv1d",
        title="Three strided 1D convolutions over 2048 x 2, batch 64",
        kind="conv1d",
        batch=64,
        inputs=(Input((2048, 2)),),
        weights=_signal_weights(2, SIGNAL),
        train=Chunks(1, 8),
        predict=Chunks(4, 32),
        sizes={"layers": SIGNAL},
    ),
)

"""Networks that make images out of noisy images."""

from workloads.definition import Chunks, Input, Workload
from workloads.weights import conv, conv_transpose

WORKLOADS = (
    Workload(
        name="autoencoder",
        title="Autoencoder 32x32x3, strided and transposed 4x4 convolutions, batch 16",
        kind="autoencoder",
        batch=16,
        inputs=(Input((32, 32, 3)),),
        weights=(
            *conv("conv_1", (4, 4), 3, 32),
            *conv("conv_2", (4, 4), 32, 64),
            *conv_transpose("transpose_1", (4, 4), 64, 32),
            *conv_transpose("transpose_2", (4, 4), 32, 16),
            *conv("conv_3", (3, 3), 16, 3),
        ),
        train=Chunks(2, 16),
        predict=Chunks(4, 32),
        task="images",
        outputs=3,
    ),
    Workload(
        name="unet",
        title="U-Net 32x32x3, two levels with skip connections, batch 8",
        kind="unet",
        batch=8,
        inputs=(Input((32, 32, 3)),),
        weights=(
            *conv("down_1", (3, 3), 3, 16),
            *conv("down_2", (3, 3), 16, 32),
            *conv("bottom", (3, 3), 32, 64),
            *conv("up_2", (3, 3), 64 + 32, 32),
            *conv("up_1", (3, 3), 32 + 16, 16),
            *conv("output", (1, 1), 16, 3),
        ),
        train=Chunks(2, 16),
        predict=Chunks(8, 64),
        task="images",
        outputs=3,
    ),
)

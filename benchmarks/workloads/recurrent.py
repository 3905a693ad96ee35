"""Networks that walk through a sequence."""

from workloads.definition import CLASSES, Chunks, Input, Workload
from workloads.weights import dense, recurrent

WORKLOADS = (
    Workload(
        name="lstm",
        title="LSTM 64 over 20 x 32, batch 32",
        kind="lstm",
        batch=32,
        inputs=(Input((20, 32)),),
        weights=(*recurrent("lstm", 32, 64, gates=4), *dense("dense", 64, CLASSES)),
        train=Chunks(8, 64),
        predict=Chunks(16, 128),
    ),
)

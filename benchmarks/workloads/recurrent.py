"""Networks that walk through a sequence."""

from workloads.definition import CLASSES, Chunks, Input, Workload
from workloads.weights import dense, embedding, recurrent

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
        sizes={"units": 64},
    ),
    Workload(
        name="embedding-lstm",
        title="Embedding 5000 x 64 and LSTM 64 over 40 tokens, batch 32",
        kind="embedding-lstm",
        batch=32,
        inputs=(Input((40,), limits=(5000,)),),
        weights=(
            *embedding("tokens", 5000, 64),
            *recurrent("lstm", 64, 64, gates=4),
            *dense("dense", 64, CLASSES),
        ),
        train=Chunks(4, 32),
        predict=Chunks(16, 128),
        sizes={"units": 64},
    ),
    Workload(
        name="gru-long",
        title="GRU 64 over 100 x 32, batch 64",
        kind="gru",
        batch=64,
        inputs=(Input((100, 32)),),
        weights=(*recurrent("gru", 32, 64, gates=3, biases=2), *dense("dense", 64, CLASSES)),
        train=Chunks(2, 16),
        predict=Chunks(4, 32),
        sizes={"units": 64},
    ),
)

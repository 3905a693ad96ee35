"""Transformers: one that puts a text into a class, one that predicts every next token."""

from workloads.definition import CLASSES, Chunks, Input, Weights, Workload
from workloads.weights import attention, dense, embedding, layer_norm

LENGTH, WIDTH, HEADS, BLOCKS = 64, 128, 4, 2


def _weights(vocabulary: int, outputs: int) -> Weights:
    weights: Weights = (*embedding("tokens", vocabulary, WIDTH), ("positions/positions", (LENGTH, WIDTH)))
    for number in range(1, BLOCKS + 1):
        name = f"block_{number}"
        weights += (
            *layer_norm(f"{name}_norm_1", WIDTH),
            *attention(f"{name}_attention", WIDTH, HEADS),
            *layer_norm(f"{name}_norm_2", WIDTH),
            *dense(f"{name}_dense_1", WIDTH, 4 * WIDTH),
            *dense(f"{name}_dense_2", 4 * WIDTH, WIDTH),
        )
    return (*weights, *layer_norm("norm", WIDTH), *dense("dense", WIDTH, outputs))


WORKLOADS = (
    Workload(
        name="transformer",
        title="Transformer encoder, 2 blocks of width 128 over 64 tokens, dropout, batch 16",
        kind="transformer",
        batch=16,
        inputs=(Input((LENGTH,), limits=(1000,)),),
        weights=_weights(1000, CLASSES),
        train=Chunks(1, 8),
        predict=Chunks(4, 32),
        sizes={"blocks": BLOCKS, "width": WIDTH, "heads": HEADS, "dropout": 0.1, "causal": False},
        random="every framework draws its own dropout masks",
    ),
    Workload(
        name="decoder",
        title="Causal transformer, 2 blocks of width 128 over 64 tokens of 512, batch 8",
        kind="transformer",
        batch=8,
        inputs=(Input((LENGTH,), limits=(512,)),),
        weights=_weights(512, 512),
        train=Chunks(2, 16),
        predict=Chunks(4, 32),
        task="tokens",
        outputs=512,
        sizes={"blocks": BLOCKS, "width": WIDTH, "heads": HEADS, "dropout": 0.0, "causal": True},
    ),
)

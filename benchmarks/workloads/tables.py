"""A recommender: large embedding tables, a few numbers, and dense layers on top.

Adam moves every row of every table at each step, in all peers alike. Updates of those rows alone that were looked up
would be quicker, and another optimizer.
"""

from workloads.definition import Chunks, Input, Workload
from workloads.weights import dense, embedding

TABLES, WIDTH, NUMBERS = (200_000, 50_000, 5_000, 500), 32, 13

WORKLOADS = (
    Workload(
        name="recommender",
        title="Recommender, tables of 200k, 50k, 5k and 500 x 32, dense layers, batch 512",
        kind="recommender",
        batch=512,
        inputs=(Input((len(TABLES),), limits=TABLES), Input((NUMBERS,))),
        weights=(
            *(weight for number, rows in enumerate(TABLES, 1) for weight in embedding(f"table_{number}", rows, WIDTH)),
            *dense("dense_1", len(TABLES) * WIDTH + NUMBERS, 256),
            *dense("dense_2", 256, 128),
            *dense("dense_3", 128, 1),
        ),
        train=Chunks(2, 16),
        predict=Chunks(16, 128),
        task="clicks",
        outputs=1,
        sizes={"tables": TABLES, "width": WIDTH, "hidden": (256, 128)},
    ),
)

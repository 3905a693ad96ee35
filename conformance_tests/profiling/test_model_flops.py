"""`model.flops()` and the columns of `summary(flops=True)`."""

from __future__ import annotations

from typing import Any

import pytest

import multiback as mb
from multiback import layers
from multiback.errors import ArgumentError, NotBuiltError


def rows_of(model: Any, **arguments: Any) -> tuple[dict[str, str], str]:
    """The FLOPs of each layer, and the last line."""
    found: list[str] = []
    model.summary(print_fn=found.append, flops=True, **arguments)
    cells = [[c.strip() for c in x.strip("│").split("│")] for x in found[0].splitlines() if x.startswith("│")]
    at = cells[0].index("FLOPs")
    return {row[0]: row[at] for row in cells[1:]}, found[0].splitlines()[-1].strip()


def test_a_chain() -> None:
    model = mb.Sequential(
        [
            mb.Input((6, 6, 3)),
            layers.Conv2D(8, 3, name="conv", activation="relu"),
            layers.Flatten(name="flat"),
            layers.Dense(10, name="dense"),
        ]
    )
    conv, dense = 2 * 16 * 8 * 27 + 16 * 8 + 16 * 8, 2 * 128 * 10 + 10
    found, total = rows_of(model)
    assert found == {"conv (Conv2D)": f"{conv:,}", "flat (Flatten)": "0", "dense (Dense)": f"{dense:,}"}
    assert total == f"FLOPs per sample: {conv + dense:,}"
    assert model.flops() == conv + dense
    assert model.flops(batch_size=7) == 7 * (conv + dense)


def test_training_adds_the_backward_pass() -> None:
    model = mb.Sequential([mb.Input((3,)), layers.Dense(4, use_bias=False), layers.Dense(5, use_bias=False)])
    forward, weights, inputs = 2 * 12 + 2 * 20, 2 * 12 + 2 * 20, 2 * 20
    # The sum of the outputs stands for a loss: four additions.
    assert model.flops(training=True) == forward + weights + inputs + 4


def test_nested_and_shared_layers() -> None:
    x = mb.Input((4,), name="x")
    shared = layers.Dense(4, name="shared")
    inner = mb.Sequential([layers.Dense(4, name="deep")], name="inner")
    model = mb.Model(x, layers.Add(name="sum")([shared(x), shared(inner(x)) * 2.0]), name="branched")
    found, total = rows_of(model, expand_nested=True)
    once = 2 * 16 + 4
    assert found == {
        "x (InputLayer)": "0",
        "inner (Sequential)": str(once),
        "└─ deep (Dense)": str(once),
        "shared (Dense)": str(2 * once),
        "multiply (ops.multiply)": "4",
        "sum (Add)": "4",
    }
    assert total == f"FLOPs per sample: {3 * once + 8}"


def test_a_subclassed_model() -> None:
    class Own(mb.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(3, name="d")

        def call(self, x: Any) -> Any:
            return self.dense(x) * 2.0

    model = Own()
    with pytest.raises(NotBuiltError):
        model.flops()
    model.build((None, 5))
    assert rows_of(model)[0] == {"d (Dense)": "33"}
    assert model.flops() == 36


def test_axes_of_unknown_size() -> None:
    model = mb.Sequential([mb.Input((None, 4), name="words"), layers.Dense(8, name="d")])
    assert rows_of(model) == ({"d (Dense)": "?"}, "FLOPs per sample: ?")
    with pytest.raises(ArgumentError, match="sizes="):
        model.flops()


def test_a_fixed_batch_is_shared_among_its_samples() -> None:
    model = mb.Sequential([mb.Input((3,), batch_size=5), layers.Dense(4, name="d")])
    assert rows_of(model)[1] == f"FLOPs per sample: {2 * 12 + 4}"

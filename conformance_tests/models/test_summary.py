"""The summary says what there is: layers, shapes, weights, connections."""

from __future__ import annotations

from typing import Any

import pytest

import multiback as mb
from multiback import layers
from multiback.errors import ArgumentError
from multiback.models.summary import readable_size


def text_of(model: Any, **arguments: Any) -> str:
    found: list[str] = []
    model.summary(print_fn=found.append, **arguments)
    assert len(found) == 1
    return found[0]


def rows_of(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in text.splitlines() if line.startswith("│")]


def chain() -> Any:
    return mb.Sequential([mb.Input((4,)), layers.Dense(3, name="a"), layers.BatchNormalization(name="b")], name="chain")


def branched() -> Any:
    x = mb.Input((4,), name="x")
    shared = layers.Dense(4, name="shared")
    inner = mb.Sequential([layers.Dense(4, name="deep")], name="inner")
    return mb.Model(x, layers.Add(name="sum")([shared(x), shared(inner(x)) * 2.0]), name="branched")


def test_a_chain() -> None:
    text = text_of(chain())
    assert text.startswith('Model: "chain"\n')
    assert "\x1b" not in text
    assert rows_of(text) == [
        ["Layer (type)", "Output shape", "Params"],
        ["a (Dense)", "(None, 3)", "15"],
        ["b (BatchNormalization)", "(None, 3)", "12"],
    ]
    assert text.splitlines()[-3:] == [
        " Total params: 27 (108 B)",
        " Trainable params: 21 (84 B)",
        " Non-trainable params: 6 (24 B)",
    ]


def test_branches_show_what_they_come_from() -> None:
    found = {row[0]: row[-1] for row in rows_of(text_of(branched()))[1:]}
    assert found == {
        "x (InputLayer)": "-",
        "inner (Sequential)": "x",
        "shared (Dense)": "x, inner",
        "multiply (ops.multiply)": "shared[1]",
        "sum (Add)": "shared[0], multiply",
    }


def test_what_is_inside_and_what_is_trained() -> None:
    model = branched()
    model.get_layer("inner").trainable = False
    rows = rows_of(text_of(model, expand_nested=True, show_trainable=True))
    assert rows[0][-2:] == ["Connected to", "Trainable"]
    found = {row[0]: row[-1] for row in rows[1:]}
    assert found["└─ deep (Dense)"] == "no"
    assert (found["shared (Dense)"], found["sum (Add)"]) == ("yes", "-")


def test_the_optimizer_counts_once_it_has_variables() -> None:
    model = chain()
    model.compile("adam", "mse")
    assert "Optimizer" not in text_of(model)
    model.optimizer.build(model.trainable_variables)
    assert text_of(model).splitlines()[-1] == " Optimizer params: 44 (176 B)"


def test_layers_that_are_not_built_yet() -> None:
    rows = rows_of(text_of(mb.Sequential([layers.Dense(3, name="a")])))
    assert rows[1] == ["a (Dense)", "?", "not built"]


def test_a_subclassed_model_shows_shapes_once_it_is_built() -> None:
    class Own(mb.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(3, name="d")

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Own()
    model.build((None, 5))
    assert rows_of(text_of(model))[1] == ["d (Dense)", "(None, 3)", "18"]


def test_a_range_of_layers() -> None:
    model = mb.Sequential([mb.Input((2,)), *[layers.Dense(2, name=f"layer_{i}") for i in range(9)]])
    rows = rows_of(text_of(model, layer_range=("layer_3", "layer_[45]")))
    assert [row[0] for row in rows[1:]] == ["layer_3 (Dense)", "layer_4 (Dense)", "layer_5 (Dense)"]
    for bad in (("none", "layer_1"), ("layer_5", "layer_2"), "layer_1"):
        with pytest.raises(ArgumentError, match="layer_range"):
            text_of(model, layer_range=bad)


def test_the_width_can_be_given() -> None:
    model = mb.Sequential([mb.Input((2,)), layers.Dense(2, name="a_name_that_is_too_long_for_a_narrow_table")])
    assert max(map(len, text_of(model, line_length=40).splitlines())) <= 40


def test_it_is_printed_plain_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    chain().summary()
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert printed == text_of(chain())


def test_sizes_as_people_read_them() -> None:
    assert [readable_size(n) for n in (0, 1023, 1024, 1536 * 1024, 5 * 1024**3)] == [
        "0 B", "1023 B", "1.00 KB", "1.50 MB", "5.00 GB",
    ]  # fmt: skip

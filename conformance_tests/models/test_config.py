"""Functional, sequential and subclassed models as configurations, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers, ops
from multiback.errors import SavingError
from multiback.models import Functional, model_from_json
from multiback.saving import deserialize_keras_object, serialize_keras_object


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


def shared_layer() -> tuple[Any, Any]:
    a, b = mb.Input((4,), name="a"), mb.Input((4,), name="b")
    shared = layers.Dense(4, name="shared")
    out = layers.Add(name="sum")([shared(a), shared(shared(b))])
    return mb.Model([a, b], out, name="m"), [numbers(3, 4), numbers(4, 4)[:3]]


def nested_twice() -> tuple[Any, Any]:
    x = mb.Input((4,), name="inner_in")
    inner = mb.Model(x, [layers.Dense(4, name="left")(x), layers.Dense(4, name="right")(x)], name="inner")
    y = mb.Input((4,), name="y")
    first, second = inner(y), inner(inner(y)[1])
    return mb.Model(y, {"p": first[0], "q": second[1], "r": inner(second[0])[0]}, name="m"), numbers(3, 4)


def sequential_inside() -> tuple[Any, Any]:
    x = mb.Input((4,), name="x")
    block = mb.Sequential([layers.Dense(3), mb.Sequential([layers.Dense(5)], name="deep")], name="block")
    return mb.Model(x, block(x), name="m"), numbers(3, 4)


def operations() -> tuple[Any, Any]:
    x = mb.Input((4, 6), name="x")
    y = (2.0 - x[:, 1:, ::2] / 3.0) @ ops.transpose(x[:, :3, :3], (0, 2, 1))
    y = ops.sum(ops.concatenate([y, ops.erf(y)], axis=1), axis=(1, 2), keepdims=True)
    y = ops.where(y > np.float32(0.1), y, -y) + np.arange(3, dtype="float32")
    return mb.Model(x, ops.reshape(y, (-1, 3)), name="m"), numbers(3, 4, 6)


def tensors_by_keyword() -> tuple[Any, Any]:
    q, v = mb.Input((3, 4), name="q"), mb.Input((5, 4), name="v")
    mask = mb.Input((3, 5), dtype="bool", name="mask")
    out = layers.MultiHeadAttention(2, 2, name="attention")(q, value=v, attention_mask=mask)
    data = [numbers(2, 3, 4), numbers(2, 5, 4), np.random.default_rng(0).random((2, 3, 5)) > 0.3]
    return mb.Model([q, v, mask], out, name="m"), data


def nested_inputs() -> tuple[Any, Any]:
    a, b = mb.Input((2,), name="a"), mb.Input((2,), name="b")
    return mb.Model({"b": b, "a": a}, [layers.Concatenate(name="c")([b, a])], name="m"), {
        "a": numbers(2, 2),
        "b": numbers(2, 2),
    }


def middle_of_another() -> tuple[Any, Any]:
    x = mb.Input((4,), name="x")
    hidden = layers.Dense(3, name="below")(x)
    return mb.Model(hidden, layers.Dense(2, name="above")(hidden), name="m"), numbers(5, 3)


def unused_input() -> tuple[Any, Any]:
    a, b = mb.Input((2,), name="a"), mb.Input((2,), name="b")
    return mb.Model([a, b], layers.Dense(2, name="d")(a), name="m"), [numbers(2, 2), numbers(2, 2)]


MODELS = [
    shared_layer, nested_twice, sequential_inside, operations, tensors_by_keyword, nested_inputs, middle_of_another,
    unused_input,
]  # fmt: skip


def flat(outputs: Any) -> list[np.ndarray]:
    return [np.asarray(x) for x in mb.tree.leaves(outputs)]


@pytest.mark.parametrize("build", MODELS, ids=lambda f: f.__name__)
def test_a_functional_model_comes_back(build: Callable[[], tuple[Any, Any]]) -> None:
    model, x = build()
    config = json.loads(model.to_json())
    found = model_from_json(model.to_json(indent=1))
    assert json.loads(found.to_json()) == config
    found.set_weights(model.get_weights())
    for a, b in zip(flat(model.predict(x, verbose=0)), flat(found.predict(x, verbose=0)), strict=True):
        np.testing.assert_array_equal(a, b)
    again = type(model).from_config(model.get_config())
    assert json.loads(json.dumps(again.get_config())) == config["config"]


def test_the_form_of_a_functional_model() -> None:
    config = json.loads(nested_twice()[0].to_json())
    assert (config["module"], config["class_name"]) == ("keras.src.models.functional", "Functional")
    inner = config["config"]["layers"][1]
    histories = [call["args"][0]["config"]["keras_history"] for call in inner["inbound_nodes"]]
    assert histories == [["y", 0, 0], ["y", 0, 0], ["inner", 1, 1], ["inner", 2, 0]]
    assert config["config"]["input_layers"] == ["y", 0, 0]
    # As in Keras, a functional model's own graph counts as its first call here.
    assert config["config"]["output_layers"] == {"p": ["inner", 1, 0], "q": ["inner", 3, 1], "r": ["inner", 4, 0]}


def test_ops_have_the_form_of_keras() -> None:
    x = mb.Input((4,), name="x")
    model = mb.Model(x, ops.max(1.5 - x[:, 1:], axis=-1, keepdims=True))
    found = [(e["module"], e["class_name"], e["config"]) for e in json.loads(model.to_json())["config"]["layers"][1:]]
    module = "keras.src.ops.numpy"
    assert found == [
        (module, "GetItem", {"name": "getitem"}),
        (module, "Subtract", {"name": "subtract"}),
        (module, "Max", {"name": "max", "axis": -1, "keepdims": True, "initial": None}),
    ]


def test_layers_are_in_the_order_of_keras() -> None:
    """By depth from the outputs, then in the order in which a walk from the outputs meets them."""
    a, b = mb.Input((2,), name="a"), mb.Input((2,), name="b")
    late = layers.Dense(2, name="late")(b)
    long = layers.Dense(2, name="third")(layers.Dense(2, name="second")(layers.Dense(2, name="first")(a)))
    out = layers.Concatenate(name="joined")([late, long])
    unused = mb.Input((2,), name="unused")
    model = mb.Model([b, unused, a], out)
    expected = ["a", "first", "b", "second", "late", "third", "unused", "joined"]
    assert [x.name for x in model.layers] == expected


def test_training_as_a_person_gave_it_is_kept_and_as_keras_fills_it_in_is_not() -> None:
    x = mb.Input((1000,), name="x")
    model = mb.Model(x, layers.Dropout(0.5, name="drop")(x, training=True), name="m")
    ones = np.ones((1, 1000), "float32")
    found = model_from_json(model.to_json())
    assert 300 < (found.predict(ones, verbose=0) == 0).sum() < 700
    config = json.loads(mb.Model(x, layers.Dropout(0.5)(x)).to_json())
    config["config"]["layers"][1]["inbound_nodes"][0]["kwargs"] = {"training": False}
    found = model_from_json(json.dumps(config))
    assert 300 < (np.asarray(found(ones, training=True)) == 0).sum() < 700


def test_a_layer_shared_by_two_inner_models_is_shared_again() -> None:
    a, b = mb.Input((3,), name="a"), mb.Input((3,), name="b")
    shared = layers.Dense(3, name="shared")
    one, two = mb.Model(a, shared(a), name="one"), mb.Sequential([mb.Input((3,)), shared], name="two")
    model = mb.Model(b, [one(b), two(b)], name="m")
    found = model_from_json(model.to_json())
    assert found.get_layer("one").get_layer("shared") is found.get_layer("two").layers[0]
    assert len(found.weights) == 2
    assert "shared_object_id" not in shared_layer()[0].to_json()


def test_a_long_chain_needs_no_recursion() -> None:
    x = start = mb.Input((1,), name="x")
    for i in range(1200):
        x = layers.Identity(name=f"i{i}")(x)
    model = mb.Model(start, x, name="m")
    found = model_from_json(model.to_json())
    assert [layer.name for layer in found.layers] == [layer.name for layer in model.layers]


class Scaled(mb.Model):
    """A subclass that may be made of tensors too."""

    def twice(self, x: Any) -> Any:
        return 2 * self.predict(x, verbose=0)


def test_a_subclass_made_of_tensors_keeps_its_methods() -> None:
    x = mb.Input((2,), name="x")
    model = Scaled(x, layers.Dense(2, name="d")(x), name="scaled")
    found = deserialize_keras_object(serialize_keras_object(model), custom_objects={"Scaled": Scaled})
    found.set_weights(model.get_weights())
    np.testing.assert_array_equal(found.twice(numbers(3, 2)), model.twice(numbers(3, 2)))
    with pytest.raises(mb.errors.UnknownNameError, match="Scaled"):
        deserialize_keras_object(serialize_keras_object(model))


class Stack(Functional):
    """A functional model with arguments of its own."""

    def __init__(self, units: int, depth: int = 2, name: str | None = None) -> None:
        x = inputs = mb.Input((3,), name="x")
        for _ in range(depth):
            x = layers.Dense(units)(x)
        super().__init__(inputs, x, name=name)


def test_a_functional_subclass_with_arguments_of_its_own() -> None:
    model = Stack(4, depth=3, name="s")
    assert model.get_config()["units"] == 4
    assert "layers" not in model.get_config()
    found = Stack.from_config(model.get_config())
    assert (found.name, len(found.layers)) == ("s", 4)


class Own(mb.Model):
    def __init__(self, widths: list[int], final: Any = None) -> None:
        super().__init__(name="own")
        self.blocks = [layers.Dense(n) for n in widths]
        self.final = final or layers.Dense(1)

    def call(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        return self.final(x)


def test_a_subclassed_model_is_described_by_the_arguments_of_its_constructor() -> None:
    model = Own([3, 2], final=layers.Dense(4, name="last"))
    model.build((None, 5))
    assert model.count_params() == 5 * 3 + 3 + 3 * 2 + 2 + 2 * 4 + 4
    found = deserialize_keras_object(serialize_keras_object(model), custom_objects={"Own": Own})
    assert [v.shape for v in found.weights] == [v.shape for v in model.weights]
    assert found.final.name == "last"


def test_text_that_is_no_model() -> None:
    for text, message in (("{", "not valid"), ("[]", "does not describe a model"), ("{}", "does not describe a model")):
        with pytest.raises(SavingError, match=message):
            model_from_json(text)
    with pytest.raises(SavingError, match="Dense, which is not a model"):
        model_from_json(json.dumps(serialize_keras_object(layers.Dense(1))))


def without(config: dict[str, Any], *keys: str) -> None:
    for key in keys:
        del config["config"]["layers"][1][key]


def two_of_a_name(config: dict[str, Any]) -> None:
    config["config"]["layers"].append(config["config"]["layers"][1])


def old_calls(config: dict[str, Any]) -> None:
    config["config"]["layers"][1]["inbound_nodes"] = [[["x", 0, 0, {}]]]


def odd_history(config: dict[str, Any]) -> None:
    config["config"]["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["x", [], 0]


def odd_output(config: dict[str, Any]) -> None:
    config["config"]["output_layers"] = "d"


def op_on_no_tensor(config: dict[str, Any]) -> None:
    entry = {"module": "keras.src.ops.numpy", "class_name": "Tile", "config": {"name": "t", "repeats": [10**6]},
             "name": "t", "inbound_nodes": [{"args": [1.0], "kwargs": {}}]}  # fmt: skip
    config["config"]["layers"].append(entry)


def unknown_op(config: dict[str, Any]) -> None:
    config["config"]["layers"][1] |= {"module": "keras.src.ops.numpy", "class_name": "Evil"}


MALFORMED: dict[Callable[[dict[str, Any]], None], str] = {
    lambda c: without(c, "name"): "lacks 'name'",
    lambda c: without(c, "inbound_nodes"): "lacks 'inbound_nodes'",
    two_of_a_name: "Two layers in the configuration are named 'd'",
    old_calls: "older than Keras 3",
    odd_history: "A call of layer 'd' is malformed",
    odd_output: "as input or output",
    op_on_no_tensor: "applied to no tensor",
    unknown_op: "The op 'Evil' between the layers is not among ours",
}


@pytest.mark.parametrize(("change", "message"), MALFORMED.items(), ids=range(len(MALFORMED)))
def test_malformed_graphs(change: Callable[[dict[str, Any]], None], message: str) -> None:
    x = mb.Input((2,), name="x")
    config = json.loads(mb.Model(x, layers.Dense(2, name="d")(x)).to_json())
    change(config)
    with pytest.raises(SavingError, match=message):
        model_from_json(json.dumps(config))

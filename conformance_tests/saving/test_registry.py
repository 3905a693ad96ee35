"""Configurations: Keras's form, a closed registry, and nothing that a text could make run."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import saving
from multiback.errors import ArgumentError, SavingError, UnknownNameError
from multiback.saving import deserialize_keras_object as deserialize
from multiback.saving import serialize_keras_object as serialize


def travelled(value: Any) -> Any:
    """Serialized, written as JSON, read and deserialized."""
    return deserialize(json.loads(json.dumps(serialize(value))))


def test_a_layer_has_the_form_of_keras() -> None:
    assert serialize(mb.layers.Flatten(name="f")) == {
        "module": "keras.layers",
        "class_name": "Flatten",
        "config": {
            "name": "f",
            "trainable": True,
            "dtype": {
                "module": "keras",
                "class_name": "DTypePolicy",
                "config": {"name": "float32"},
                "registered_name": None,
            },
            "data_format": "channels_last",
        },
        "registered_name": None,
    }


@pytest.mark.parametrize(
    "value", [None, 3, 2.5, "text", True, [1, [2]], {"a": {"b": 1}}, b"bytes", slice(1, None, 2), ...]
)
def test_plain_values_travel(value: Any) -> None:
    assert travelled(value) == value


def test_arrays_travel() -> None:
    array = np.arange(6, dtype="int16").reshape(2, 3)
    found = travelled({"a": array, "n": np.float32(0.5)})
    assert found["a"].dtype == array.dtype
    np.testing.assert_array_equal(found["a"], array)
    assert found["n"] == 0.5


@pytest.mark.parametrize(
    "item",
    [
        mb.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        mb.metrics.Precision(thresholds=[0.3, 0.7], name="p"),
        mb.optimizers.Adam(mb.optimizers.schedules.CosineDecay(0.1, 100), clipnorm=1.0),
        mb.initializers.VarianceScaling(2.0, "fan_out", seed=3),
        mb.regularizers.L1L2(0.1, 0.2),
        mb.constraints.MinMaxNorm(0.2, 0.9),
        mb.dtype_policies.DTypePolicy("mixed_bfloat16"),
        mb.layers.Dense(3, activation="relu", kernel_initializer="he_normal", kernel_regularizer="l2"),
    ],
    ids=lambda item: type(item).__name__,
)
def test_objects_travel(item: Any) -> None:
    found = travelled(item)
    assert type(found) is type(item)
    assert found.get_config() == item.get_config()


def test_the_private_modules_of_keras_are_understood() -> None:
    config = serialize(mb.optimizers.SGD(0.5)) | {"module": "keras.src.backend.torch.optimizers.torch_sgd"}
    assert type(deserialize(config)) is mb.optimizers.SGD


def test_unset_arguments_of_features_that_we_lack_are_passed_over() -> None:
    config = serialize(mb.layers.Dense(2))
    config["config"]["quantization_config"] = None
    assert deserialize(config).units == 2
    config["config"]["quantization_config"] = {"mode": "int8"}
    with pytest.raises(ArgumentError, match="quantization_config"):
        deserialize(config)


GADGETS: dict[str, dict[str, Any]] = {
    "function of the system": {"module": "os", "class_name": "system", "config": "id", "registered_name": None},
    "function by name": {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "eval"},
    "function of this package": {
        "module": "multiback.saving.atomic", "class_name": "function", "config": "write_file", "registered_name": None,
    },
    "class of this package": {"module": "multiback.variables", "class_name": "Variable", "config": {"initializer": 1}},
    "download in Keras": {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "http://x"}},
    "switch in Keras": {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"},
    "class that runs code": {
        "module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {"module": "gASVBQ=="},
    },
    "class that reads a path": {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/tmp/x"}},
    "class of a library": {"module": "numpy", "class_name": "memmap", "config": {"filename": "/etc/passwd"}},
    "dunder": {"module": "keras.layers", "class_name": "__class__", "config": {}, "registered_name": None},
    "dotted name": {"module": "keras.layers", "class_name": "Dense.__init__", "config": {}, "registered_name": None},
}  # fmt: skip


@pytest.mark.parametrize("name", GADGETS)
def test_what_is_not_registered_is_refused_and_nothing_is_imported(name: str) -> None:
    deserialize(serialize(mb.layers.Flatten()))
    before = set(sys.modules)
    with pytest.raises((UnknownNameError, SavingError)):
        deserialize(GADGETS[name])
    assert set(sys.modules) == before


@pytest.mark.parametrize("entry", [deserialize, mb.layers.deserialize])
@pytest.mark.parametrize("code", ["__lambda__", "__typespec__"])
def test_code_is_refused_at_every_entry(entry: Any, code: str) -> None:
    function = {"class_name": code, "config": {"value": "4wEAAAAA"}}
    layer = {"module": "keras.layers", "class_name": "Lambda", "registered_name": None,
             "config": {"name": "l", "function": function}}  # fmt: skip
    with pytest.raises(SavingError, match=r"code is never loaded|code of its function"):
        entry(layer)
    with pytest.raises(SavingError, match="code is never loaded"):
        deserialize(function, safe_mode=False)


def test_functions_without_a_name_are_not_saved() -> None:
    with pytest.raises(SavingError, match="code is never saved"):
        serialize(lambda x: x)


@pytest.mark.parametrize(
    "config",
    [
        {"module": "keras.layers", "class_name": "Dense", "config": [1, 2]},
        {"module": "keras.layers", "class_name": 3, "config": {}},
        {"module": "keras.layers", "class_name": "Dense", "config": {}},
        {"module": "keras.layers", "class_name": "Reshape", "config": {"target_shape": "abc"}},
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}},
        {"class_name": "__numpy__", "config": {"value": [[1], [2, 3]], "dtype": "float32"}},
        {"class_name": "__slice__", "config": {}},
    ],
)
def test_malformed_configurations(config: dict[str, Any]) -> None:
    with pytest.raises((SavingError, ArgumentError)):
        deserialize(config)


class Doubled(mb.Layer):
    def __init__(self, by: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.by = by

    def call(self, inputs: Any) -> Any:
        return inputs * self.by


def shifted(x: Any) -> Any:
    return x + 1


def test_an_unknown_class_says_how_to_make_it_known() -> None:
    with pytest.raises(UnknownNameError, match=r"'Doubled'.*custom_objects.*register_keras_serializable"):
        travelled(Doubled())


def test_custom_objects_by_argument_and_by_scope() -> None:
    config = serialize(Doubled(3.0, name="d"))
    assert deserialize(config, custom_objects={"Doubled": Doubled}).by == 3.0
    with saving.custom_object_scope({"Doubled": Doubled}), saving.CustomObjectScope({"shifted": shifted}):
        assert travelled(Doubled(4.0)).by == 4.0
        assert travelled(shifted) is shifted
    with pytest.raises(UnknownNameError):
        deserialize(config)


def test_registered_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    known = saving.get_custom_objects()
    for name in list(known):
        monkeypatch.delitem(known, name)
    assert saving.register_keras_serializable("mine")(Doubled) is Doubled
    saving.register_keras_serializable("mine", name="plus")(shifted)
    try:
        assert saving.get_registered_name(Doubled) == "mine>Doubled"
        assert saving.get_registered_name(dict) == "dict"
        assert saving.get_registered_object("mine>plus") is shifted
        assert saving.get_registered_object("other", module_objects={"other": 3}) == 3
        assert saving.get_registered_object("absent") is None
        config = serialize(Doubled(5.0))
        assert (config["class_name"], config["registered_name"]) == ("Doubled", "mine>Doubled")
        assert travelled(Doubled(5.0)).by == 5.0
        assert travelled({"f": shifted})["f"] is shifted
    finally:
        known.clear()


def test_a_class_without_a_configuration_is_not_registered() -> None:
    with pytest.raises(ArgumentError, match="no get_config"):
        saving.register_keras_serializable()(object)


def test_arguments_that_are_layers_travel() -> None:
    class Around(mb.Layer):
        def __init__(self, inside: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inside = inside

    found = deserialize(serialize(Around(mb.layers.Dense(7), name="a")), custom_objects={"Around": Around})
    assert (found.name, found.inside.units) == ("a", 7)


def test_a_constructor_need_not_take_what_all_layers_have() -> None:
    class Own(mb.Layer):
        def __init__(self, units: int) -> None:
            super().__init__(dtype="float64", name="own", trainable=False)
            self.units = units

    config = serialize(Own(3))
    config["config"]["name"] = "renamed"
    found = deserialize(config, custom_objects={"Own": Own})
    assert (found.units, found.name, found.dtype, found.trainable) == (3, "renamed", "float64", False)

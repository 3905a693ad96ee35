"""Which classes and ops a Keras configuration names, and which of them are not known here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from multiback.errors import MultibackError, SavingError
from multiback.models._keras_ops import is_keras_op, read_op
from multiback.porting.unsupported import Inventory
from multiback.saving import strict_json
from multiback.saving.registry import _CODE, _SPECIAL, _class_of, _function, custom_object_scope

_MARKS = frozenset({*_SPECIAL, "__keras_tensor__"})


def check_classes(text: bytes, label: str, custom_objects: Mapping[str, Any], compile: bool) -> None:
    """Looks through a whole configuration for what cannot be made here.

    Raises:
        UnsupportedModel: with every class, function and op that is not known, and the layers that use it.
        SavingError: if the text is not a configuration.
    """
    config = strict_json.loads(text, label)
    if not isinstance(config, Mapping):
        raise SavingError(f"{label} does not describe a model. Use an undamaged copy.")
    found = Inventory()
    if not compile:
        config = {k: v for k, v in config.items() if k != "compile_config"}
    with custom_object_scope(custom_objects):
        for item, place in described(config, ""):
            if (reason := _problem(item)) is not None:
                found.add(str(item.get("registered_name") or item["class_name"]), place, reason)
    found.raise_if_any(
        "keras",
        str(config.get("config", {}).get("name") or label) if isinstance(config.get("config"), Mapping) else label,
        "Write it with multiback (a subclass of multiback.layers.Layer takes the same methods) and pass it in "
        "custom_objects by this name; nothing was imported.",
    )


def described(config: Any, place: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """All descriptions of objects in a configuration, with the name of the innermost one that has a name."""
    if isinstance(config, list | tuple):
        for item in config:
            yield from described(item, place)
    if not isinstance(config, Mapping):
        return
    inner = config.get("config")
    if isinstance(config.get("class_name"), str) and "config" in config:
        if isinstance(inner, Mapping) and isinstance(inner.get("name"), str):
            place = inner["name"]
        if config["class_name"] not in _MARKS:
            yield config, place
    for value in config.values():
        yield from described(value, place)


def _problem(item: Mapping[str, Any]) -> str | None:
    """Why what a description names cannot be made; None if it can."""
    name = item["class_name"]
    if name in _CODE:
        return "code in a configuration is never run; use a named function"
    try:
        if name == "function" and isinstance(item["config"], str):
            _function(item["config"], item)
        elif "inbound_nodes" in item and is_keras_op(item):
            read_op(item)
        else:
            _class_of(name, item)
    except MultibackError:
        return "not known here"
    return None

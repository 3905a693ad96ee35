"""Where each layer and optimizer of a model has its place in a file: the rules of Keras 3.

A layer is found by the attribute that holds it; inside a list or dict by its class, counted: `layers/dense_1`.
Attributes are visited in alphabetical order, private ones last, and what is met twice keeps its first place.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from typing import Any

from multiback.layers._names import snake_case


def saved_objects(model: Any) -> Iterator[tuple[str, Any]]:
    """The layers and optimizers of a model with their paths, the model itself first, under an empty path."""
    seen: dict[int, Any] = {}  # Holds what it has seen: a list that a property made would give its id to the next.
    stack: list[tuple[str, Any]] = [("", model)]
    while stack:
        path, item = stack.pop()
        if id(item) in seen:
            continue
        seen[id(item)] = item
        if isinstance(item, list | tuple | dict):
            stack += reversed(list(_inside(path, item)))
        else:
            yield path, item
            stack += reversed(list(_attributes(path, item)))


def _attributes(path: str, item: Any) -> Iterator[tuple[str, Any]]:
    from multiback.layers._layer import Layer
    from multiback.models.functional import Functional
    from multiback.models.model import Model
    from multiback.models.sequential import Sequential

    if isinstance(item, Functional | Sequential):
        yield _joined(path, "layers"), item.layers
    names = set(dir(item)) - _common(Model if isinstance(item, Model) else Layer if isinstance(item, Layer) else object)
    if isinstance(item, Model):
        names |= {"layers", "optimizer"} if not isinstance(item, Functional | Sequential) else {"optimizer"}
    for name in sorted(names, key=lambda n: f"~{n}" if n.startswith("_") else n):
        value = _value(item, name)
        if is_saved(value) or isinstance(value, list | tuple | dict):
            yield _joined(path, name), value


def _inside(path: str, container: Any) -> Iterator[tuple[str, Any]]:
    counts: Counter[str] = Counter()
    for value in container.values() if isinstance(container, dict) else container:
        name = snake_case(_class_name(value)) if is_saved(value) else "container"
        if name != "container" or isinstance(value, list | tuple | dict):
            yield _joined(path, f"{name}_{counts[name]}" if counts[name] else name), value
            counts[name] += 1


def is_saved(value: Any) -> bool:
    """Whether an object has a place of its own in a file."""
    return hasattr(type(value), "save_own_variables")


def _class_name(value: Any) -> str:
    return type(value).__dict__.get("_saved_as", type(value)).__name__


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _value(item: Any, name: str) -> Any:
    try:
        return getattr(item, name)
    except Exception:  # A property may need what is not there yet; then it holds no layer either.
        return None


@functools.cache
def _common(kind: type) -> frozenset[str]:
    """Attributes that every layer or model has; they hold no layers of its own."""
    if kind is object:
        return frozenset(dir(object))
    return frozenset(dir(kind(name="any"))) | _BOOKKEEPING


_BOOKKEEPING = frozenset(
    {"_arguments", "_extra_weights", "_functional", "_inputs_struct", "_model_layers", "_nodes", "_outputs_struct",
     "_own", "_stack"}
)  # fmt: skip

"""What the constructors of layers share: identifiers resolved, sizes checked, configurations written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multiback import activations, constraints, initializers, regularizers
from multiback.errors import ArgumentError, closest

_KINDS = {
    "activation": activations,
    "initializer": initializers,
    "regularizer": regularizers,
    "constraint": constraints,
}


def given(arguments: Mapping[str, Any], *without: str) -> dict[str, Any]:
    """The keyword arguments that a constructor was called with, from its `locals()`, without some of them."""
    dropped = ("self", "__class__", "kwargs", *without)
    return {**{k: v for k, v in arguments.items() if k not in dropped}, **arguments.get("kwargs", {})}


def resolve(layer: Any, **identifiers: Any) -> None:
    """Sets attributes such as `kernel_initializer` to what their name, configuration or function stands for."""
    for name, identifier in identifiers.items():
        setattr(layer, name, _KINDS[name.rpartition("_")[2]].get(identifier))


def described(layer: Any, *names: str) -> dict[str, Any]:
    """These attributes as a configuration: initializers and the like serialized, others as they are."""
    found = {}
    for name in names:
        value = getattr(layer, name)
        kind = _KINDS.get(name.rpartition("_")[2])
        found[name] = value if kind is None else kind.serialize(value)
    return found


def title(layer: Any) -> str:
    """The layer as errors name it, such as `Conv2D 'stem'`."""
    return f"{type(layer).__name__} {layer.name!r}"


def positive(layer: Any, name: str, value: Any) -> int:
    """`value`, if it is a positive integer.

    Raises:
        ArgumentError: if it is not.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or value <= 0:
        raise ArgumentError(f"{title(layer)}: {name} must be a positive integer, got {value!r}.")
    return int(value)


def per_axis(layer: Any, name: str, value: Any, count: int, least: int = 1) -> tuple[int, ...]:
    """An argument as one integer per spatial axis.

    Raises:
        ArgumentError: unless it is an integer or `count` of them, none below `least`.
    """
    items = (value,) * count if hasattr(value, "__index__") else tuple(value) if _is_sequence(value) else ()
    if len(items) != count or any(isinstance(n, bool) or not hasattr(n, "__index__") or n < least for n in items):
        several = f" or {count} integers" if count > 1 else ""
        raise ArgumentError(f"{title(layer)}: {name} must be an integer{several} of at least {least}, got {value!r}.")
    return tuple(int(n) for n in items)


def choice(layer: Any, name: str, value: Any, choices: Sequence[str]) -> str:
    """`value` in lower case, if it is one of `choices`.

    Raises:
        ArgumentError: if it is not, with the nearest.
    """
    found = value.lower() if isinstance(value, str) else value
    if found not in choices:
        near = closest(str(value), choices)
        raise ArgumentError(f"{title(layer)}: {name} must be one of {', '.join(choices)}, got {value!r}.{near}")
    return found


def within(layer: Any, name: str, value: Any, low: float, high: float) -> float:
    """`value`, if it is a number between `low` and `high`.

    Raises:
        ArgumentError: if it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        bounds = f"between {low} and {high}" if high != float("inf") else f"of at least {low}"
        raise ArgumentError(f"{title(layer)}: {name} must be a number {bounds}, got {value!r}.")
    return value


def pairs(layer: Any, name: str, value: Any, count: int) -> tuple[tuple[int, int], ...]:
    """Sizes at both ends of each spatial axis: from one integer, one per axis, or a pair per axis.

    Raises:
        ArgumentError: if it is none of these.
    """
    if count == 1 and _is_sequence(value) and len(value) == 2 and not any(_is_sequence(v) for v in value):
        value = (value,)
    items = (value,) * count if hasattr(value, "__index__") else tuple(value) if _is_sequence(value) else ()
    found = tuple((n, n) if hasattr(n, "__index__") else tuple(n) if _is_sequence(n) else () for n in items)
    sizes = [n for pair in found for n in pair]
    if (
        len(found) != count
        or any(len(p) != 2 for p in found)
        or any(not hasattr(n, "__index__") or n < 0 for n in sizes)
    ):
        raise ArgumentError(
            f"{title(layer)}: {name} must be an integer, {count} integers or {count} pairs (before, after), none "
            f"negative; got {value!r}."
        )
    return tuple((int(a), int(b)) for a, b in found)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list | tuple)

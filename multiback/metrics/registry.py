"""The metrics by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from multiback.layers._names import snake_case
from multiback.saving.registry import Registry

T = TypeVar("T")

REGISTRY = Registry("metric", "keras.metrics")
# Functions have a table of their own: by name, "binary_accuracy" is the class, as in Keras.
FUNCTIONS = Registry("metric function", "keras.metrics.functions")


def register(*aliases: str) -> Callable[[T], T]:
    """Decorator that adds a class under its name, that in snake case, and these aliases."""

    def add(item: T) -> T:
        return REGISTRY.register(snake_case(item.__name__), *aliases)(item)  # type: ignore[attr-defined]

    return add


def get(identifier: Any) -> Any:
    """A metric from a name, a configuration, a class or an object; None stays None.

    Raises:
        UnknownNameError: for a name that is not registered.

    Example:
        >>> get("mse")
        <MeanSquaredError name=mean_squared_error>
    """
    return REGISTRY.get(identifier)


def serialize(metric: Any) -> Any:
    """The configuration of a metric, or the name of a function."""
    return REGISTRY.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The metric that a name or a configuration describes."""
    return REGISTRY.deserialize(config, custom_objects)

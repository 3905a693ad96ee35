"""The constraints by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.saving.registry import Registry

REGISTRY = Registry("constraint", "keras.constraints")


def get(identifier: Any) -> Any:
    """A constraint from a name, a configuration, a class or an object; None stays None.

    Raises:
        UnknownNameError: for a name that is not registered.

    Example:
        >>> get("non_neg")(np.array([-1.0, 2.0]))    # 0 2
    """
    return REGISTRY.get(identifier)


def serialize(constraint: Any) -> Any:
    """The configuration of a constraint."""
    return REGISTRY.serialize(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The constraint that a configuration describes."""
    return REGISTRY.deserialize(config, custom_objects)

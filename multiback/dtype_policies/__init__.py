"""Dtype policies: the dtypes that layers compute in and keep their weights in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.dtype_policies._registry import REGISTRY
from multiback.dtype_policies.dtype_policy import DTypePolicy, FloatDTypePolicy, dtype_policy, set_dtype_policy
from multiback.dtype_policies.dtype_policy_map import DTypePolicyMap

__all__ = [
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
    "deserialize",
    "dtype_policy",
    "get",
    "serialize",
    "set_dtype_policy",
]


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The configuration of a policy."""
    return REGISTRY.serialize(dtype_policy)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The policy that a configuration, or a name, describes.

    Raises:
        UnknownNameError: for a class that is neither registered nor in `custom_objects`.
    """
    if isinstance(config, str):
        return DTypePolicy(config)
    return REGISTRY.deserialize(config, custom_objects)


def get(identifier: Any) -> DTypePolicy:
    """A policy from a policy, its name, a dtype or a configuration; None gives the global policy.

    Raises:
        ArgumentError: for anything else.

    Example:
        >>> get("mixed_float16").compute_dtype
        'float16'
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, Mapping) and not isinstance(identifier, DTypePolicy):
        identifier = deserialize(identifier)
    return identifier if isinstance(identifier, DTypePolicy) else DTypePolicy(identifier)

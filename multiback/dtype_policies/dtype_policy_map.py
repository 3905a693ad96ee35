"""DTypePolicyMap: a policy per layer, chosen by the layer's path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from multiback.dtype_policies._registry import register
from multiback.dtype_policies.dtype_policy import DTypePolicy, dtype_policy
from multiback.dtypes import DType
from multiback.errors import ArgumentError


@register
class DTypePolicyMap(DTypePolicy, MutableMapping):
    """Policies by layer path: an exact path, or a regular expression that matches the whole path.

    Arguments:
        default_policy: For paths that nothing matches. None: the global policy.
        policy_map: Policies, or their names, by path or pattern.

    Raises:
        ArgumentError: if the default is itself a map, or two patterns match a path that is looked up.

    Example:
        >>> policies = DTypePolicyMap("mixed_bfloat16", {"decoder/.*": "float32"})
        >>> policies["decoder/dense"].name
        'float32'
    """

    def __init__(
        self, default_policy: DTypePolicy | str | None = None, policy_map: Mapping[str, Any] | None = None
    ) -> None:
        if isinstance(default_policy, DTypePolicyMap):
            raise ArgumentError("The default policy of a DTypePolicyMap cannot be a DTypePolicyMap.")
        if policy_map is not None and not isinstance(policy_map, Mapping):
            raise ArgumentError(f"policy_map must be a dict of policies by path, got {policy_map!r}.")
        self._default_policy = DTypePolicy(default_policy) if isinstance(default_policy, str) else default_policy
        self._policies: dict[str, DTypePolicy] = {}
        for path, policy in (policy_map or {}).items():
            self[path] = policy

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of paths that nothing matches."""
        return self._default_policy or dtype_policy()

    @property
    def name(self) -> str:
        return f"map_{self.default_policy.name}"

    @property
    def compute_dtype(self) -> DType:
        """That of the default policy."""
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self) -> DType:
        """That of the default policy."""
        return self.default_policy.variable_dtype

    def __getitem__(self, path: str) -> DTypePolicy:
        if path in self._policies:
            return self._policies[path]
        found = [pattern for pattern in self._policies if re.fullmatch(pattern, path)]
        if len(found) > 1:
            raise ArgumentError(f"Path {path!r} matches several keys of the DTypePolicyMap: {', '.join(found)}.")
        return self._policies[found[0]] if found else self.default_policy

    def __setitem__(self, path: str, policy: DTypePolicy | str) -> None:
        if path in self._policies:
            raise ArgumentError(f"{path!r} is in the DTypePolicyMap already. Delete it first.")
        if isinstance(policy, str):
            policy = DTypePolicy(policy)
        if not isinstance(policy, DTypePolicy) or isinstance(policy, DTypePolicyMap):
            raise ArgumentError(f"The values of a DTypePolicyMap are policies or their names, got {policy!r}.")
        self._policies[path] = policy

    def __delitem__(self, path: str) -> None:
        del self._policies[path]

    def __contains__(self, path: object) -> bool:
        return path in self._policies

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, policies as configurations."""
        from multiback.saving.registry import serialize

        return {
            "default_policy": serialize(self._default_policy),
            "policy_map": {path: serialize(policy) for path, policy in self._policies.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicyMap:
        """The map that `get_config` described."""
        from multiback.saving.registry import deserialize

        return cls(deserialize(config.get("default_policy")), deserialize(config.get("policy_map")))

    __hash__ = DTypePolicy.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicyMap) and other.get_config() == self.get_config()

    def __repr__(self) -> str:
        rows = ", ".join(f"{path}: {policy.name}" for path, policy in self._policies.items())
        return f"<DTypePolicyMap {self.default_policy.name}; {rows}>"

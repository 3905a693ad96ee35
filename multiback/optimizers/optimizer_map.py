"""OptimizerMap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from multiback.errors import ArgumentError
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.loss_scale_optimizer import LossScaleOptimizer
from multiback.optimizers.optimizer import Optimizer
from multiback.saving.registry import custom_object_scope, deserialize, serialize
from multiback.variables import Variable


@REGISTRY.register("optimizermap")
class OptimizerMap(MutableMapping):
    """Which optimizer updates which variable, by its path: that path, or a regular expression that matches it all.

    Arguments:
        default_optimizer: For variables that nothing matches.
        optimizer_map: Optimizers by path or pattern.

    Raises:
        ArgumentError: if a value is not an optimizer of its own, or two patterns match a path that is looked up.

    Example:
        >>> optimizers = OptimizerMap(SGD(0.1), {"embedding/.*": Adagrad(0.1)})
        >>> optimizer = MultiOptimizer(optimizers)
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: Mapping[str, Optimizer] | None = None) -> None:
        self._default = _checked(default_optimizer)
        self._optimizers: dict[str, Optimizer] = {}
        for path, optimizer in (optimizer_map or {}).items():
            self[path] = optimizer

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of variables that nothing matches."""
        return self._default

    def __call__(self, variable: Variable) -> Optimizer:
        return self[variable.path]

    def __getitem__(self, path: str) -> Optimizer:
        if path in self._optimizers:
            return self._optimizers[path]
        found = [pattern for pattern in self._optimizers if re.fullmatch(pattern, path)]
        if len(found) > 1:
            raise ArgumentError(f"Variable {path!r} matches several keys of the OptimizerMap: {', '.join(found)}.")
        return self._optimizers[found[0]] if found else self._default

    def __setitem__(self, path: str, optimizer: Optimizer) -> None:
        if not isinstance(path, str):
            raise ArgumentError(f"The keys of an OptimizerMap are paths or patterns, got {path!r}.")
        if path in self._optimizers:
            raise ArgumentError(f"{path!r} is in the OptimizerMap already. Delete it first.")
        self._optimizers[path] = _checked(optimizer)

    def __delitem__(self, path: str) -> None:
        del self._optimizers[path]

    def __contains__(self, path: object) -> bool:
        return path in self._optimizers

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizers)

    def __len__(self) -> int:
        return len(self._optimizers)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, optimizers as configurations."""
        return {"default_optimizer": serialize(self._default), "optimizer_map": serialize(self._optimizers)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> OptimizerMap:
        """The map that `get_config` described."""
        with custom_object_scope(custom_objects or {}):
            return cls(deserialize(config["default_optimizer"]), deserialize(config["optimizer_map"]))


def _checked(optimizer: Any) -> Optimizer:
    nested = isinstance(optimizer, LossScaleOptimizer) or hasattr(optimizer, "optimizers")
    if nested or not isinstance(optimizer, Optimizer):
        raise ArgumentError(f"An OptimizerMap holds optimizers that update variables themselves, got {optimizer!r}.")
    return optimizer

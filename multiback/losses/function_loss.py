"""Losses made from functions of targets and predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from multiback import tree
from multiback.losses._arrays import same_rank
from multiback.losses.loss import Loss
from multiback.losses.registry import REGISTRY
from multiback.saving import registry


class FunctionLoss(Loss):
    """A loss whose `call` is a function; its options become attributes and part of the configuration."""

    def __init__(
        self, fn: Callable[..., Any], reduction: str | None, name: str | None, dtype: Any = None, **options: Any
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._options = options
        vars(self).update(options)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        leaves, structure = tree.flatten(y_pred)
        targets = tree.leaves(y_true)
        if len(leaves) == len(targets):
            pairs = [same_rank(t, p) for t, p in zip(targets, leaves)]
            y_true = tree.unflatten(tree.flatten(y_true)[1], [t for t, _ in pairs])
            y_pred = tree.unflatten(structure, [p for _, p in pairs])
        return self.fn(y_true, y_pred, **self._options)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._options}


@REGISTRY.register()
class LossFunctionWrapper(FunctionLoss):
    """A function of targets and predictions as a `Loss`.

    Arguments:
        fn: `fn(y_true, y_pred, **kwargs)` gives the loss of each sample.
        reduction, name, dtype: As for `Loss`; the default name is the function's.
        kwargs: Passed to the function.

    Example:
        >>> LossFunctionWrapper(multiback.losses.huber, delta=0.5)
        <LossFunctionWrapper name=huber>
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fn, reduction, name or getattr(fn, "__name__", None), dtype, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": function_config(self.fn)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return cls(**{**config, "fn": registry.deserialize(config["fn"])})


def function_config(fn: Callable[..., Any]) -> Any:
    """The configuration of a function, or of an object used as one, in Keras's form."""
    found = registry.serialize(fn)
    if isinstance(found, str):
        return {"module": "builtins", "class_name": "function", "config": found, "registered_name": "function"}
    return found

"""Optimizers: they change a model's variables so that its loss falls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.errors import ArgumentError
from multiback.optimizers import schedules
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.adadelta import Adadelta
from multiback.optimizers.adafactor import Adafactor
from multiback.optimizers.adagrad import Adagrad
from multiback.optimizers.adam import Adam
from multiback.optimizers.adamax import Adamax
from multiback.optimizers.adamw import AdamW
from multiback.optimizers.ftrl import Ftrl
from multiback.optimizers.lamb import Lamb
from multiback.optimizers.lion import Lion
from multiback.optimizers.loss_scale_optimizer import LossScaleOptimizer
from multiback.optimizers.multi_optimizer import MultiOptimizer
from multiback.optimizers.muon import Muon
from multiback.optimizers.nadam import Nadam
from multiback.optimizers.optimizer import Optimizer
from multiback.optimizers.optimizer_map import OptimizerMap
from multiback.optimizers.rmsprop import RMSprop
from multiback.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from multiback.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

REGISTRY.register("optimizer")(Optimizer)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The configuration of an optimizer."""
    return REGISTRY.serialize(optimizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The optimizer that a configuration describes.

    Raises:
        UnknownNameError: for a class that is neither registered nor in `custom_objects`.
    """
    return REGISTRY.deserialize(config, custom_objects)


def get(identifier: Any) -> Any:
    """An optimizer from an optimizer, a name such as "adam" or "RMSprop", a configuration or a class; None stays None.

    Raises:
        UnknownNameError: if the name is not registered, with the nearest one that is.
        ArgumentError: if it is none of these.

    Example:
        >>> get("adam").name
        'adam'
    """
    if isinstance(identifier, str) and identifier not in REGISTRY.names and identifier.lower() in REGISTRY.names:
        identifier = identifier.lower()
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    made = REGISTRY.get(identifier) if isinstance(identifier, str | Mapping | type) else None
    if not isinstance(made, Optimizer):
        raise ArgumentError(
            f"An optimizer is given by name, configuration, class or object; got {identifier!r}. "
            "For an optimizer of another framework, use that framework's own training loop."
        )
    return made

"""What a layer is made of, for files: its configuration, the shapes it was built with, its variables."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback import dtype_policies, regularizers
from multiback.errors import ShapeError
from multiback.layers._names import checked_name
from multiback.layers._tracking import Tracked


class Configured(Tracked):
    """Gives a layer a configuration from which an equal one can be made."""

    name: str
    path: Any
    dtype_policy: Any
    activity_regularizer: Any
    build: Any
    _trainable: bool
    _build: Any
    _build_shapes: dict[str, Any] | None

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make an equal layer: the arguments of the constructor, as JSON types."""
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if type(self).get_config is Configured.get_config and (extra := self.__dict__.get("_arguments")):
            from multiback.saving.registry import serialize

            config.update({k: serialize(v) for k, v in extra.items() if k not in config})
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A layer with this configuration."""
        config = dict(config)
        if isinstance(config.get("dtype"), Mapping):
            config["dtype"] = dtype_policies.deserialize(config["dtype"])
        if cls.get_config is Configured.get_config:
            from multiback.saving.registry import deserialize

            config = {k: deserialize(v) for k, v in config.items()}
        parameters = inspect.signature(cls.__init__).parameters
        if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return cls(**config)
        # A constructor need not take what every layer has.
        common = {k: config.pop(k) for k in ("name", "trainable", "dtype") if k in config and k not in parameters}
        layer = cls(**config)
        layer.name = checked_name(common.get("name", layer.name), cls.__name__)
        layer.dtype_policy = dtype_policies.get(common.get("dtype", layer.dtype_policy))
        layer._trainable = bool(common.get("trainable", layer._trainable))
        return layer

    def save_own_variables(self, store: Any) -> None:
        """Puts this layer's own variables into a mapping, under "0", "1"..."""
        own = [v for v in self._own_variables if v not in self._not_weights()]
        own = [v for v in own if v.trainable] + [v for v in own if not v.trainable]
        for i, variable in enumerate(own):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Takes this layer's own variables from a mapping; see `save_own_variables`."""
        own = [v for v in self._own_variables if v not in self._not_weights()]
        own = [v for v in own if v.trainable] + [v for v in own if not v.trainable]
        if len(store.keys()) != len(own):
            raise ShapeError(f"Layer {self.path!r} has {len(own)} variables, the file has {len(store.keys())} for it.")
        for i, variable in enumerate(own):
            variable.assign(np.asarray(store[str(i)]))

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes it was built with."""
        shapes = self._build_shapes
        if shapes is None:
            return None
        taken = {n: shapes[n] for n in inspect.signature(self.build).parameters if n in shapes}
        return {"shapes_dict": taken} if len(taken) > 1 else {"input_shape": next(iter(shapes.values()))}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Builds with the shapes of `get_build_config`."""
        shapes = config.get("shapes_dict") or {"input_shape": config.get("input_shape")}
        if any(s is not None for s in shapes.values()):
            self._build(shapes)

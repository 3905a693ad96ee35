"""Models whose weights come into being when they are called: how they are built from a shape, or as a file says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback import tree
from multiback.layers._context import current_context
from multiback.layers._symbolic import KerasTensor, public_shape, tensors_of


class BuiltByCalling:
    """Mixin that builds a model by tracing a call on tensors of given shapes, and remembers them."""

    _called_on: dict[str, Any] | None = None

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights of all layers inside, for inputs of this shape.

        Example:
            >>> model.build((None, 64))
        """
        if current_context() is None and input_shape is not None:
            self.compute_output_spec(tensors_of(input_shape, self.compute_dtype))  # type: ignore[attr-defined]
        self.built = True

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes it was built with, and the shapes and dtypes of all it was called on."""
        config = super().get_build_config()  # type: ignore[misc]
        if config is None or self._called_on is None or type(self).build is not BuiltByCalling.build:
            return config
        return {**config, "called_on": self._called_on}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Builds as `get_build_config` says."""
        if type(self).build is not BuiltByCalling.build:
            super().build_from_config(config)  # type: ignore[misc]
        elif config.get("called_on"):
            arguments = {name: _decoded(value) for name, value in config["called_on"].items()}
            self.compute_output_spec(**arguments)  # type: ignore[attr-defined]
        elif config.get("input_shape") is not None:
            self.build(config["input_shape"])

    def _ensure_built(self, bound: Mapping[str, Any]) -> None:
        if not self.built:
            arrays = {name: value for name, value in bound.items() if _has_arrays(value)}
            self._called_on = {name: _encoded(value) for name, value in arrays.items()}
        super()._ensure_built(bound)  # type: ignore[misc]


def _has_arrays(value: Any) -> bool:
    return any(hasattr(x, "shape") for x in tree.leaves(value))


def _encoded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _encoded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(v) for v in value]
    if not hasattr(value, "shape"):
        return value
    shape = public_shape(value.shape)
    return {"shape": [None, *shape[1:]] if shape else [], "dtype": str(value.dtype).rpartition(".")[2]}


def _decoded(value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"shape", "dtype"}:
        return KerasTensor(value["shape"], value["dtype"])
    if isinstance(value, Mapping):
        return {k: _decoded(v) for k, v in value.items()}
    return [_decoded(v) for v in value] if isinstance(value, list | tuple) else value

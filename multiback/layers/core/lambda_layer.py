"""A function as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from multiback import activations
from multiback.errors import ArgumentError, SavingError
from multiback.layers._arguments import title
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.saving.registry import deserialize, serialize


@REGISTRY.register()
class Lambda(Layer):
    """Applies a function written in `multiback.ops`.

    Its code is never saved: a configuration holds the function's name. So functions without a name cannot be saved, and
    others can be loaded only if they are registered or passed in `custom_objects`.

    Arguments:
        function: Takes the inputs, and `training` and `mask` if it has such parameters.
        output_shape: Ignored by calls; answers `compute_output_shape`: sizes without the batch, or a function of the
            input shape.
        mask: A mask of the output, or a function of inputs and mask that gives one.
        arguments: Further keyword arguments for the function.

    Raises:
        ArgumentError: for something that cannot be called.
        SavingError: when a function without a name is saved, or code is loaded.

    Example:
        >>> Lambda(lambda x: x * 2)(numpy.ones((2, 3))).shape
        (2, 3)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise ArgumentError(f"{title(self)} takes a function, got {function!r}.")
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape
        self._takes = [n for n in ("mask", "training") if n in inspect.signature(function).parameters]

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        known = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{n: known[n] for n in self._takes})

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        batch = input_shape[0]
        batch = batch[0] if isinstance(batch, Sequence) else batch
        return (batch, *self._output_shape)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "function": serialize(self.function), "arguments": serialize(self.arguments)}
        if self._output_shape is not None:
            config["output_shape"] = serialize(self._output_shape)
        return config if self.mask is None else {**config, "mask": serialize(self.mask)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        config = dict(config)
        for name in ("function", "output_shape", "mask", "arguments"):
            value = config.get(name)
            if isinstance(value, Mapping) and value.get("class_name") == "__lambda__":
                raise SavingError(
                    f"Layer {config.get('name')!r} was saved with the code of its {name}, and code is never loaded. "
                    "Save it with a named function, and pass that in custom_objects."
                )
            if isinstance(value, str):
                config[name] = activations.deserialize(value)  # which are known by their names alone
            elif isinstance(value, Mapping | list):
                config[name] = deserialize(value)
        return super().from_config(config)

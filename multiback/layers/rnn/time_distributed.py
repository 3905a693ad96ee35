"""A layer applied to each step of sequences."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ShapeError
from multiback.layers._arguments import title
from multiback.layers._registry import REGISTRY
from multiback.layers.core.wrapper import Wrapper


@REGISTRY.register()
class TimeDistributed(Wrapper):
    """Applies a layer to each step of sequences, with the same weights: y[:, t] = layer(x[:, t]).

    A layer whose state changes in training, such as BatchNormalization, sees the steps one after the other; any other
    sees them at once, as a larger batch.

    Arguments:
        layer: The layer inside.

    Input shape: (batch, steps, ...). Output shape: (batch, steps, *output of the layer).

    Raises:
        ArgumentError: for something that is not a layer.
        ShapeError: for inputs with less than three axes, or a mask that does not begin with (batch, steps).

    Example:
        >>> TimeDistributed(Dense(4))(numpy.ones((2, 6, 3))).shape
        (2, 6, 4)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        if len(input_shape) < 3:
            raise ShapeError(f"{title(self)} expects inputs with at least 3 axes, got {tuple(input_shape)}.")
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if mask is not None and tuple(mask.shape[:2]) != tuple(inputs.shape[:2]):
            raise ShapeError(f"{title(self)} expects a mask of shape {inputs.shape[:2]}, got {mask.shape}.")
        steps = inputs.shape[1]
        if training and self.layer.non_trainable_variables and isinstance(steps, int):
            outputs = [self._step(inputs[:, t], None if mask is None else mask[:, t], training) for t in range(steps)]
            return ops.stack(outputs, axis=1)
        outputs = self._step(_merged(inputs), None if mask is None else _merged(mask), training)
        return ops.reshape(outputs, (*inputs.shape[:2], *outputs.shape[1:]))

    def _step(self, x: Any, mask: Any, training: bool | None) -> Any:
        options = {"training": training} if self.layer._call_takes_training else {}
        if mask is not None and self.layer._call_takes_mask:
            options["mask"] = mask
        return self.layer(x, **options)


def _merged(x: Any) -> Any:
    """The first two axes as one."""
    return ops.reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:]))

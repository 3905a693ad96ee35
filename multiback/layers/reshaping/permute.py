"""Axes in another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import title
from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class Permute(Layer):
    """The axes beside the batch in another order: axis i of the output is axis dims[i - 1] of the input.

    Arguments:
        dims: A permutation of 1, 2, ..., counted without the batch.

    Raises:
        ArgumentError: if dims is not a permutation.
        ShapeError: for inputs of another rank.

    Example:
        >>> Permute((2, 1))(numpy.ones((2, 3, 4))).shape
        (2, 4, 3)
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        order = tuple(dims) if isinstance(dims, list | tuple) else (dims,)
        if sorted(order) != list(range(1, len(order) + 1)):
            raise ArgumentError(f"{title(self)}: dims must be a permutation of 1, 2, ..., got {dims!r}.")
        self.dims = order
        self.input_spec = InputSpec(ndim=len(order) + 1)

    def call(self, inputs: Any) -> Any:
        return ops.transpose(inputs, (0, *self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}

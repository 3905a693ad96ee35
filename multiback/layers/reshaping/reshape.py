"""The same elements in another shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import title
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class Reshape(Layer):
    """The elements of each sample, in row-major order, in another shape.

    Arguments:
        target_shape: Sizes without the batch; one of them may be -1 and is then inferred.

    Input shape: (batch, ...). Output shape: (batch, *target_shape).

    Raises:
        ArgumentError: for sizes that are not integers, or more than one -1.
        ShapeError: if the number of elements does not fit.

    Example:
        >>> Reshape((3, -1))(numpy.ones((2, 12))).shape
        (2, 3, 4)
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes = tuple(target_shape) if isinstance(target_shape, list | tuple) else (target_shape,)
        whole = all(hasattr(n, "__index__") and not isinstance(n, bool) and n >= -1 for n in sizes)
        if not whole or sizes.count(-1) > 1:
            raise ArgumentError(
                f"{title(self)}: target_shape must hold sizes, one of them -1 at most, got {target_shape!r}."
            )
        self.target_shape = tuple(int(n) for n in sizes)

    def call(self, inputs: Any) -> Any:
        return ops.reshape(inputs, (inputs.shape[0], *self.target_shape))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}

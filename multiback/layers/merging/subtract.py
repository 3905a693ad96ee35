"""The difference of two inputs."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._registry import REGISTRY
from multiback.layers.merging._base import Merge


@REGISTRY.register()
class Subtract(Merge):
    """The difference of its two inputs, element by element: y = x_0 - x_1.

    Called on a list of arrays whose sizes are equal or 1; those of lower rank get axes of size 1 after the batch.

    Raises:
        ArgumentError: for something else than a list of two.
        ShapeError: for shapes that do not fit each other.

    Example:
        >>> Subtract()([numpy.ones((2, 3)), numpy.ones((2, 3))]).shape
        (2, 3)
    """

    count = 2

    def merge(self, inputs: list[Any]) -> Any:
        return ops.subtract(*inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """Applies a new `Subtract` layer with these arguments to the inputs."""
    return Subtract(**kwargs)(inputs)

"""The mean of inputs."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._registry import REGISTRY
from multiback.layers.merging._base import Merge


@REGISTRY.register()
class Average(Merge):
    """The mean of its inputs, element by element: y = (x_0 + ... + x_(n-1)) / n.

    Called on a list of arrays whose sizes are equal or 1; those of lower rank get axes of size 1 after the batch.

    Raises:
        ArgumentError: for something else than a list.
        ShapeError: for shapes that do not fit each other.

    Example:
        >>> Average()([numpy.ones((2, 3)), numpy.ones((2, 3))]).shape
        (2, 3)
    """

    def merge(self, inputs: list[Any]) -> Any:
        total = inputs[0]
        for x in inputs[1:]:
            total = ops.add(total, x)
        return ops.divide(total, len(inputs))


def average(inputs: Any, **kwargs: Any) -> Any:
    """Applies a new `Average` layer with these arguments to the inputs."""
    return Average(**kwargs)(inputs)

"""The smaller of inputs."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._registry import REGISTRY
from multiback.layers.merging._base import Merge, merged_unmasked


@REGISTRY.register()
class Minimum(Merge):
    """The smallest of its inputs, element by element; masked steps of one input leave it to the others.

    Called on a list of arrays whose sizes are equal or 1; those of lower rank get axes of size 1 after the batch.

    Raises:
        ArgumentError: for something else than a list.
        ShapeError: for shapes that do not fit each other.

    Example:
        >>> Minimum()([numpy.ones((2, 3)), numpy.ones((2, 3))]).shape
        (2, 3)
    """

    def merge(self, inputs: list[Any]) -> Any:
        return merged_unmasked(ops.minimum, inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """Applies a new `Minimum` layer with these arguments to the inputs."""
    return Minimum(**kwargs)(inputs)

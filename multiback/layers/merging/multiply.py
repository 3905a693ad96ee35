"""The product of inputs."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers import _masks
from multiback.layers._registry import REGISTRY
from multiback.layers.merging._base import Merge


@REGISTRY.register()
class Multiply(Merge):
    """The product of its inputs, element by element: y = x_0 * x_1 * ...; masked steps count as 1.

    Called on a list of arrays whose sizes are equal or 1; those of lower rank get axes of size 1 after the batch.

    Raises:
        ArgumentError: for something else than a list.
        ShapeError: for shapes that do not fit each other.

    Example:
        >>> Multiply()([numpy.ones((2, 3)), numpy.ones((2, 3))]).shape
        (2, 3)
    """

    def merge(self, inputs: list[Any]) -> Any:
        masks = [_masks.get_mask(x) for x in inputs]
        product, kept = None, None
        for x, mask in zip(inputs, masks):
            if mask is not None:
                mask = ops.expand_dims(mask, -1)
                x = ops.where(mask, x, 1)
                kept = mask if kept is None else ops.logical_or(kept, mask)
            product = x if product is None else ops.multiply(product, x)
        everywhere = all(m is not None for m in masks)
        return ops.where(kept, product, 0) if everywhere else product


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """Applies a new `Multiply` layer with these arguments to the inputs."""
    return Multiply(**kwargs)(inputs)

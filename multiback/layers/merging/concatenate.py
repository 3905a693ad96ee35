"""Inputs one after the other."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ShapeError
from multiback.layers._arguments import title
from multiback.layers._registry import REGISTRY
from multiback.layers.merging._base import Merge


@REGISTRY.register()
class Concatenate(Merge):
    """Its inputs one after the other along an axis.

    Called on a list of arrays that differ in size along that axis only.

    Arguments:
        axis: Along which axis.

    Raises:
        ArgumentError: for something else than a list.
        ShapeError: for shapes that do not fit each other.

    Example:
        >>> Concatenate()([numpy.ones((2, 3)), numpy.ones((2, 4))]).shape
        (2, 7)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def _check_shapes(self, shapes: list[tuple[int | None, ...]]) -> None:
        rank = len(shapes[0])
        fits = all(len(s) == rank for s in shapes) and -rank <= self.axis < rank
        for i, sizes in enumerate(zip(*shapes)):
            fits = fits and (i == self.axis % rank or len({n for n in sizes if n is not None}) <= 1)
        if not fits:
            shown = ", ".join(map(str, shapes))
            raise ShapeError(f"{title(self)} expects shapes that differ in axis {self.axis} only, got {shown}.")

    def call(self, inputs: Any) -> Any:
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        if previous_mask is None or all(m is None for m in previous_mask):
            return None
        masks = [_full_mask(x, m) for x, m in zip(inputs, previous_mask)]
        return ops.any(ops.concatenate(masks, axis=self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def _full_mask(x: Any, mask: Any) -> Any:
    """A mask as one of the shape of the array it belongs to."""
    if mask is None:
        return ops.ones_like(x, dtype="bool")
    if len(mask.shape) < len(x.shape):
        mask = ops.expand_dims(mask, -1)
    return ops.logical_or(mask, ops.zeros_like(x, dtype="bool"))


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Applies a new `Concatenate` layer with these arguments to the inputs."""
    return Concatenate(axis=axis, **kwargs)(inputs)

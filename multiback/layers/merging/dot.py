"""Products of two inputs summed over an axis."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ArgumentError, ShapeError
from multiback.graph.dims import product
from multiback.layers._arguments import title
from multiback.layers._registry import REGISTRY
from multiback.layers.merging._base import Merge


@REGISTRY.register()
class Dot(Merge):
    """Products of two inputs, sample by sample, summed over one axis of each: y[n, i, j] = sum_k a[n, i, k] b[n, k, j].

    Arguments:
        axes: The axis of both inputs, or one of each; not the batch.
        normalize: Whether both are first divided by their Euclidean norm along that axis, which gives the cosine.

    Output shape: (batch, other axes of the first, other axes of the second); (batch, 1) when there are none.

    Raises:
        ArgumentError: for axes that are not one or two integers, or something else than a list of two inputs.
        ShapeError: if the sizes of the axes differ.

    Example:
        >>> Dot(axes=(2, 1))([numpy.ones((2, 3, 4)), numpy.ones((2, 4, 5))]).shape
        (2, 3, 5)
    """

    count = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = [axes, axes] if isinstance(axes, int) else list(axes) if isinstance(axes, list | tuple) else []
        if len(pair) != 2 or any(not isinstance(a, int) or isinstance(a, bool) for a in pair):
            raise ArgumentError(f"{title(self)}: axes must be an integer or two of them, got {axes!r}.")
        self.axes = axes
        self.normalize = normalize

    def _check_shapes(self, shapes: list[tuple[int | None, ...]]) -> None:
        first, second = shapes
        i, j = self._positions(len(first), len(second))
        if first[i] is not None and second[j] is not None and first[i] != second[j]:
            raise ShapeError(
                f"{title(self)} expects equal sizes along axis {i} of the first input and {j} of the second, "
                f"got {first} and {second}."
            )

    def _positions(self, first: int, second: int) -> tuple[int, int]:
        i, j = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        if not (-first <= i < first and -second <= j < second) or i % first == 0 or j % second == 0:
            raise ShapeError(
                f"{title(self)}: axes {self.axes} are not axes beside the batch of ranks {first}, {second}."
            )
        return i % first, j % second

    def call(self, inputs: Any) -> Any:
        x, y = inputs
        i, j = self._positions(len(x.shape), len(y.shape))
        if self.normalize:
            x, y = ops.normalize(x, axis=i), ops.normalize(y, axis=j)
        x, y = ops.moveaxis(x, i, -1), ops.moveaxis(y, j, 1)
        batch, rows, columns = x.shape[0], tuple(x.shape[1:-1]), tuple(y.shape[2:])
        left = ops.reshape(x, (batch, product(rows), x.shape[-1]))
        right = ops.reshape(y, (batch, y.shape[1], product(columns)))
        return ops.reshape(ops.matmul(left, right), (batch, *rows, *columns) if rows or columns else (batch, 1))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """Applies a new `Dot` layer with these arguments to the inputs."""
    return Dot(axes=axes, **kwargs)(inputs)

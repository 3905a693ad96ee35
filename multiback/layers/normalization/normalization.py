"""Features scaled by statistics of the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from multiback import config, ops
from multiback.dtypes import as_dtype
from multiback.errors import ArgumentError, DataError, ShapeError
from multiback.graph.trace import as_host_array
from multiback.layers._arguments import title
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.layers.normalization._base import positions


@REGISTRY.register()
class Normalization(Layer):
    """Shifts and scales features by fixed statistics: y = (x - mean) / max(sqrt(variance), 1e-7).

    The statistics are given, or computed once from data by `adapt`. Training leaves them alone.

    Arguments:
        axis: Axes that keep a mean and variance for each element; None for one of each.
        mean, variance: The statistics; None if `adapt` computes them.
        invert: Whether to undo the normalization: y = x * max(sqrt(variance), 1e-7) + mean.

    Raises:
        ArgumentError: if only one of mean and variance is given, or their shapes do not fit.

    Example:
        >>> layer = Normalization()
        >>> layer.adapt(numpy.array([[0.0, 7.0], [2.0, 9.0]]))
        >>> layer(numpy.array([[2.0, 7.0]]))    # 1 -1
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is None) != (variance is None):
            raise ArgumentError(f"{title(self)}: give both mean and variance, or neither.")
        if np.shape(mean) != np.shape(variance) or np.ndim(mean) > len(self.axis):
            raise ArgumentError(
                f"{title(self)}: mean and variance must have the same shape, with at most {len(self.axis)} axes, "
                f"got {np.shape(mean)} and {np.shape(variance)}."
            )
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self._kept = positions(self, self.axis, input_shape)
        self._shape = tuple(input_shape)
        if self.input_mean is None:
            shape = tuple(input_shape[a] for a in self._kept)
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")

    def adapt(self, data: Any) -> None:
        """Computes the mean and variance of data, in float64.

        Arguments:
            data: An array, or an iterable of batches (the first part of those that are tuples).

        Raises:
            ArgumentError: if mean and variance were given.
            DataError: if there is no data.
            ShapeError: if batches do not have the shape that the layer was built for.
        """
        if self.input_mean is not None:
            raise ArgumentError(f"{title(self)} was given its mean and variance; adapt() cannot change them.")
        count, mean, square = 0, np.zeros(()), np.zeros(())
        for batch in _batches(data):
            if not self.built:
                self.build((None, *batch.shape[1:]))
            sizes = [(self._shape[a], batch.shape[a]) for a in self._kept if a < batch.ndim]
            if batch.ndim != len(self._shape) or any(a != b for a, b in sizes):
                raise ShapeError(f"{title(self)} was built for shape {self._shape}, adapt() got {batch.shape}.")
            reduced = tuple(a for a in range(batch.ndim) if a not in self._kept)
            n = int(np.prod([batch.shape[a] for a in reduced], dtype=np.int64))
            if n == 0:
                continue
            here = batch.mean(reduced)
            # Chan, Golub and LeVeque 1983: the squares of two parts add up, plus those of their means' distance.
            square = square + batch.var(reduced) * n + (here - mean) ** 2 * (count * n / (count + n))
            mean = mean + (here - mean) * (n / (count + n))
            count += n
        if count == 0:
            raise DataError(f"{title(self)}: adapt() got no data.")
        self.adapt_mean.assign(mean.astype(self.adapt_mean.dtype.numpy))
        self.adapt_variance.assign((square / count).astype(self.adapt_variance.dtype.numpy))
        self.count.assign(np.int32(min(count, 2**31 - 1)))

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.compute_dtype)
        mean, variance = self._statistics()
        scale = ops.maximum(ops.sqrt(variance), config.epsilon())
        if self.invert:
            return ops.add(ops.multiply(x, scale), mean)
        return ops.divide(ops.subtract(x, mean), scale)

    def _statistics(self) -> list[Any]:
        sizes = [self._shape[a] if a in self._kept else 1 for a in range(len(self._shape))]
        if self.input_mean is None:
            return [ops.reshape(v, sizes) for v in (self.adapt_mean, self.adapt_variance)]
        kind = as_dtype(self.compute_dtype).numpy
        kept = [self._shape[a] for a in self._kept]
        given = (np.asarray(as_host_array(v), kind) for v in (self.input_mean, self.input_variance))
        return [np.broadcast_to(v, kept).reshape(sizes) for v in given]

    def get_config(self) -> dict[str, Any]:
        given = {"mean": self.input_mean, "variance": self.input_variance}
        numbers = {k: None if v is None else as_host_array(v).tolist() for k, v in given.items()}
        return {**super().get_config(), "axis": self.axis, "invert": self.invert, **numbers}


def _batches(data: Any) -> Iterable[np.ndarray]:
    """Data as arrays of float64."""
    whole = hasattr(data, "shape") or not isinstance(data, Iterable | Sequence)
    for batch in [data] if whole else data:
        first = batch[0] if isinstance(batch, tuple) else batch
        yield as_host_array(first).astype(np.float64)

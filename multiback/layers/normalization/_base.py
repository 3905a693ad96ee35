"""What normalizations share: a learned scale and offset, and statistics in at least 32 bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.dtypes import as_dtype
from multiback.errors import ArgumentError, ShapeError
from multiback.layers._arguments import described, resolve, title
from multiback.layers._layer import Layer


class AffineNormalization(Layer):
    """A normalization followed by a learned scale, gamma, and offset, beta."""

    def __init__(
        self,
        *,
        axis: Any,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        resolve(
            self,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )
        self.supports_masking = True

    def _add_affine(self, shape: tuple[int, ...]) -> None:
        self.gamma = self._add_one("gamma", shape) if self.scale else None
        self.beta = self._add_one("beta", shape) if self.center else None

    def _add_one(self, name: str, shape: tuple[int, ...]) -> Any:
        return self.add_weight(
            shape=shape,
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer"),
            constraint=getattr(self, f"{name}_constraint"),
            autocast=False,
            name=name,
        )

    def get_config(self) -> dict[str, Any]:
        kinds = [f"{w}_{k}" for w in ("beta", "gamma") for k in ("initializer", "regularizer", "constraint")]
        return {**super().get_config(), **described(self, "axis", "epsilon", "center", "scale", *kinds)}


def positions(layer: Any, axis: int | Sequence[int], shape: Sequence[int | None]) -> tuple[int, ...]:
    """The axes of an input, counted from the front, in order; their sizes must be known.

    Raises:
        ArgumentError: if `axis` is not an integer or several.
        ShapeError: if the input lacks an axis, or its size is not known.
    """
    rank = len(shape)
    axes = (axis,) if isinstance(axis, int) else axis
    if not isinstance(axes, list | tuple) or any(isinstance(a, bool) or not isinstance(a, int) for a in axes):
        raise ArgumentError(f"{title(layer)}: axis must be an integer or a list of integers, got {axis!r}.")
    if any(not -rank <= a < rank for a in axes):
        raise ShapeError(f"{title(layer)} has axis {axis}, which inputs of shape {tuple(shape)} lack.")
    found = tuple(sorted({a % rank for a in axes}))
    if any(shape[a] is None for a in found):
        raise ShapeError(f"{title(layer)} needs known sizes along axis {axis}, got {tuple(shape)}.")
    return found


def widened(x: Any) -> Any:
    """16-bit floats as float32, whose range and precision statistics need; others as they are."""
    return ops.cast(x, "float32") if as_dtype(x.dtype).bits == 16 else x


def along(x: Any, axes: Sequence[int], rank: int) -> Any:
    """An array over `axes` as one of `rank` axes that broadcasts."""
    sizes = iter(x.shape)
    return ops.reshape(x, tuple(next(sizes) if i in axes else 1 for i in range(rank)))

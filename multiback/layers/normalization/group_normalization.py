"""Normalization of groups of channels."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ShapeError
from multiback.layers._arguments import given, title
from multiback.layers._input_spec import InputSpec
from multiback.layers._registry import REGISTRY
from multiback.layers.normalization._base import AffineNormalization, along, positions, widened


@REGISTRY.register()
class GroupNormalization(AffineNormalization):
    """Normalizes each group of channels of each sample: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta.

    Arguments:
        groups: How many; -1 for one per channel.
        axis: The axis of the channels.
        epsilon: Added to the variance.
        center, scale: Whether beta and gamma exist.
        beta_initializer, gamma_initializer: For the weights.
        beta_regularizer, gamma_regularizer: Penalties on the weights.
        beta_constraint, gamma_constraint: Projections after each update.

    Raises:
        ShapeError: if the channels do not divide into groups.

    Source: Wu and He 2018, Group normalization.

    Example:
        >>> GroupNormalization(groups=2)(numpy.ones((2, 8, 4))).shape
        (2, 8, 4)
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals(), "groups"))
        self.groups = groups
        self.autocast = False

    def build(self, input_shape: Any) -> None:
        (self._channel_axis,) = positions(self, self.axis, input_shape)
        channels = input_shape[self._channel_axis]
        self.groups = channels if self.groups == -1 else self.groups
        if self.groups < 1 or channels % self.groups:
            raise ShapeError(
                f"{title(self)} expects a number of channels that divides into {self.groups} groups, got {channels}."
            )
        self._add_affine((channels,))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self._channel_axis: channels})

    def call(self, inputs: Any) -> Any:
        x, axis, rank = widened(inputs), self._channel_axis, len(inputs.shape)
        before, after = x.shape[:axis], x.shape[axis + 1 :]
        grouped = ops.reshape(x, (*before, self.groups, x.shape[axis] // self.groups, *after))
        reduced = tuple(i for i in range(1, rank + 1) if i != axis)
        mean, variance = ops.moments(grouped, reduced, keepdims=True)
        normal = ops.reshape((grouped - mean) * ops.rsqrt(variance + self.epsilon), x.shape)
        if self.gamma is not None:
            normal = normal * along(ops.cast(self.gamma, x.dtype), (axis,), rank)
        if self.beta is not None:
            normal = normal + along(ops.cast(self.beta, x.dtype), (axis,), rank)
        return ops.cast(normal, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups}

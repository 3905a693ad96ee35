"""Normalization over the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback import config, ops
from multiback.errors import ArgumentError, ShapeError
from multiback.layers._arguments import described, given, resolve, title, within
from multiback.layers._input_spec import InputSpec
from multiback.layers._registry import REGISTRY
from multiback.layers.normalization._base import AffineNormalization, along, positions, widened

_OWN = (
    "momentum", "moving_mean_initializer", "moving_variance_initializer", "renorm", "renorm_clipping",
    "renorm_momentum", "synchronized",
)  # fmt: skip


@REGISTRY.register()
class BatchNormalization(AffineNormalization):
    """Normalizes each channel over the batch: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta.

    In training, mean and variance are taken over the batch and all axes but the channels' (the variance divided by n),
    and the moving ones follow: moving = momentum * moving + (1 - momentum) * batch. Otherwise, and when `trainable` is
    False, the moving ones are used. Masked steps do not count.

    Arguments:
        axis: The axis of the channels.
        momentum: Of the moving statistics.
        epsilon: Added to the variance.
        center, scale: Whether beta and gamma exist.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: For the weights.
        beta_regularizer, gamma_regularizer: Penalties on the weights.
        beta_constraint, gamma_constraint: Projections after each update.
        renorm, renorm_clipping, renorm_momentum: Batch renormalization is not supported; renorm must be False.
        synchronized: Statistics over several devices are not supported; must be False.

    Input and output shape: (batch, ..., channels), or with the channels on `axis`.

    Raises:
        ArgumentError: for renorm or synchronized, or a momentum outside 0 to 1.
        ShapeError: for an unknown number of channels, or a mask that does not have one axis less than the inputs.

    Source: Ioffe and Szegedy 2015, Batch normalization.

    Example:
        >>> BatchNormalization()(numpy.ones((2, 8, 3)), training=True).shape
        (2, 8, 3)
    """

    moving_mean: Any
    moving_variance: Any

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Mapping[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals(), *_OWN))
        if renorm or synchronized:
            raise ArgumentError(f"{title(self)}: renorm and synchronized are not supported; leave them False.")
        self.momentum = within(self, "momentum", momentum, 0, 1)
        self.renorm, self.renorm_clipping, self.renorm_momentum = renorm, renorm_clipping, renorm_momentum
        self.synchronized = synchronized
        resolve(
            self,
            moving_mean_initializer=moving_mean_initializer,
            moving_variance_initializer=moving_variance_initializer,
        )

    def build(self, input_shape: Any) -> None:
        (self._channel_axis,) = positions(self, self.axis, input_shape)
        channels = input_shape[self._channel_axis]
        self._add_affine((channels,))
        for name in ("moving_mean", "moving_variance"):
            initializer = getattr(self, f"{name}_initializer")
            weight = self.add_weight((channels,), initializer, trainable=False, autocast=False, name=name)
            setattr(self, name, weight)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self._channel_axis: channels})

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        x = widened(inputs)
        axis, affine = self._channel_axis, {"offset": self._wide(self.beta, x), "scale": self._wide(self.gamma, x)}
        mean, variance = self._wide(self.moving_mean, x), self._wide(self.moving_variance, x)
        if not (training and self.trainable):
            outputs = ops.batch_normalization(x, mean, variance, axis, **affine, epsilon=self.epsilon)
            return ops.cast(outputs, self.compute_dtype)
        if mask is None:
            outputs, batch_mean, batch_variance = ops.batch_norm_train(x, **affine, axis=axis, epsilon=self.epsilon)
        else:
            batch_mean, batch_variance = self._moments(x, mask)
            outputs = ops.batch_normalization(x, batch_mean, batch_variance, axis, **affine, epsilon=self.epsilon)
            batch_mean, batch_variance = ops.stop_gradient(batch_mean), ops.stop_gradient(batch_variance)
        self.moving_mean.assign(mean * self.momentum + batch_mean * (1.0 - self.momentum))
        self.moving_variance.assign(variance * self.momentum + batch_variance * (1.0 - self.momentum))
        return ops.cast(outputs, self.compute_dtype)

    @staticmethod
    def _wide(weight: Any, x: Any) -> Any:
        return None if weight is None else ops.cast(weight, x.dtype)

    def _moments(self, x: Any, mask: Any) -> tuple[Any, Any]:
        """Mean and variance of the steps that are not masked."""
        rank = len(x.shape)
        axes = tuple(i for i in range(rank) if i != self._channel_axis)
        if len(mask.shape) != rank - 1:
            raise ShapeError(f"{title(self)} expects a mask with {rank - 1} axes, got {len(mask.shape)}.")
        kept = ops.broadcast_to(ops.expand_dims(ops.cast(mask, "bool"), -1), x.shape)
        count = ops.sum(ops.cast(kept, x.dtype), axis=axes) + config.epsilon()
        mean = ops.sum(ops.where(kept, x, 0), axis=axes) / count
        distance = ops.where(kept, x - along(mean, (self._channel_axis,), rank), 0)
        return mean, ops.sum(ops.square(distance), axis=axes) / count

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **described(self, *_OWN)}

"""Normalization of each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import given, title
from multiback.layers._registry import REGISTRY
from multiback.layers.normalization._base import AffineNormalization, positions, widened


@REGISTRY.register()
class LayerNormalization(AffineNormalization):
    """Normalizes each sample over its last axis: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta.

    Arguments:
        axis: The axis or axes to normalize over.
        epsilon: Added to the variance.
        center, scale: Whether beta and gamma exist; they have the sizes of `axis`.
        beta_initializer, gamma_initializer: For the weights.
        beta_regularizer, gamma_regularizer: Penalties on the weights.
        beta_constraint, gamma_constraint: Projections after each update.

    Raises:
        ArgumentError: for an axis that is not an integer or several.
        ShapeError: if a size along `axis` is not known.

    Source: Ba, Kiros and Hinton 2016, Layer normalization.

    Example:
        >>> LayerNormalization()(numpy.ones((2, 8, 3))).shape
        (2, 8, 3)
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
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
        rms_scaling = kwargs.pop("rms_scaling", False)
        super().__init__(**given(locals(), "rms_scaling"))
        if rms_scaling:
            raise ArgumentError(f"{title(self)}: rms_scaling is not supported; use RMSNormalization.")
        self.autocast = False

    def build(self, input_shape: Any) -> None:
        self._axes = positions(self, self.axis, input_shape)
        self._add_affine(tuple(input_shape[a] for a in self._axes))

    def call(self, inputs: Any) -> Any:
        x = widened(inputs)
        gamma, beta = (None if v is None else ops.cast(v, x.dtype) for v in (self.gamma, self.beta))
        outputs = ops.layer_normalization(x, gamma, beta, axis=self._axes, epsilon=self.epsilon)
        return ops.cast(outputs, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rms_scaling": False}

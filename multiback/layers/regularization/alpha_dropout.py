"""Dropout that keeps mean and variance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import title, within
from multiback.layers._registry import REGISTRY
from multiback.layers.regularization._base import RandomLayer

# The value that SELU tends to at minus infinity.
_LOWEST = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946


@REGISTRY.register()
class AlphaDropout(RandomLayer):
    """Sets a fraction of its inputs to SELU's lowest value in training, then restores mean 0 and variance 1.

    y = a (x m + l (1 - m)) + b, with m 0 or 1, l = -1.758..., a = ((1 - rate) (1 + rate l^2))^(-1/2), b = -a l rate.

    Arguments:
        rate: Fraction that is dropped, 0 up to but not including 1.
        noise_shape: Shape of m, which broadcasts to the inputs; None in it stands for the inputs' size.
        seed: Default: the global seed.

    Raises:
        ArgumentError: for a rate outside that range.

    Source: Klambauer et al. 2017, Self-normalizing neural networks.

    Example:
        >>> AlphaDropout(0.5)(numpy.ones((2, 3)), training=True).shape
        (2, 3)
    """

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed, **kwargs)
        self.rate = within(self, "rate", rate, 0, 1)
        if self.rate == 1:
            raise ArgumentError(f"{title(self)}: rate must be less than 1, or nothing is left to restore.")
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def perturbed(self, inputs: Any, key: Any) -> Any:
        given = self.noise_shape or (None,) * len(inputs.shape)
        shape = tuple(size if n is None else n for n, size in zip(given, inputs.shape))
        dropped = ops.bernoulli(key, shape, self.rate)
        a = ((1 - self.rate) * (1 + self.rate * _LOWEST**2)) ** -0.5
        return ops.where(dropped, _LOWEST, inputs) * a - a * _LOWEST * self.rate

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "noise_shape": self.noise_shape}

"""Normal noise added."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import within
from multiback.layers._registry import REGISTRY
from multiback.layers.regularization._base import RandomLayer


@REGISTRY.register()
class GaussianNoise(RandomLayer):
    """Adds normal noise in training: y = x + stddev * n, n of mean 0 and variance 1.

    Arguments:
        stddev: Standard deviation of the noise, 0 to 1.
        seed: Default: the global seed.

    Raises:
        ArgumentError: for a standard deviation outside 0 to 1.

    Source: Bishop 1995, Training with noise is equivalent to Tikhonov regularization.

    Example:
        >>> GaussianNoise(0.1)(numpy.ones((2, 3)), training=True).shape
        (2, 3)
    """

    amount = "stddev"

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.stddev = within(self, "stddev", stddev, 0, 1)

    def perturbed(self, inputs: Any, key: Any) -> Any:
        return inputs + ops.normal(key, inputs.shape, stddev=self.stddev, dtype=inputs.dtype)

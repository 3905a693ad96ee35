"""Normal noise multiplied."""

from __future__ import annotations

import math
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import title, within
from multiback.layers._registry import REGISTRY
from multiback.layers.regularization._base import RandomLayer


@REGISTRY.register()
class GaussianDropout(RandomLayer):
    """Multiplies by normal noise in training: y = x * n, n of mean 1 and variance rate / (1 - rate).

    Arguments:
        rate: The fraction that dropout of the same variance would drop, 0 up to but not including 1.
        seed: Default: the global seed.

    Raises:
        ArgumentError: for a rate outside that range.

    Source: Srivastava et al. 2014, Dropout.

    Example:
        >>> GaussianDropout(0.5)(numpy.ones((2, 3)), training=True).shape
        (2, 3)
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = within(self, "rate", rate, 0, 1)
        if self.rate == 1:
            raise ArgumentError(f"{title(self)}: rate must be less than 1, where the variance is infinite.")

    def perturbed(self, inputs: Any, key: Any) -> Any:
        stddev = math.sqrt(self.rate / (1 - self.rate))
        return inputs * ops.normal(key, inputs.shape, mean=1.0, stddev=stddev, dtype=inputs.dtype)

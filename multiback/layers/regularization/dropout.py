"""Elements set to zero at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import title, within
from multiback.layers._registry import REGISTRY
from multiback.layers.regularization._base import RandomLayer


@REGISTRY.register()
class Dropout(RandomLayer):
    """Sets a fraction of its inputs to zero in training, and scales the others: y = x * m / (1 - rate), m 0 or 1.

    Arguments:
        rate: Fraction that is dropped, 0 to 1.
        noise_shape: Shape of m, which broadcasts to the inputs; None in it stands for the inputs' size.
        seed: Default: the global seed.

    Raises:
        ArgumentError: for a rate outside 0 to 1, or a noise_shape that does not consist of positive integers and None.

    Source: Srivastava et al. 2014, Dropout.

    Example:
        >>> Dropout(0.5)(numpy.ones((2, 3)), training=True).shape
        (2, 3)
    """

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed, **kwargs)
        self.rate = within(self, "rate", rate, 0, 1)
        self.noise_shape = None if noise_shape is None else self._checked(noise_shape)

    def _checked(self, noise_shape: Any) -> tuple[int | None, ...]:
        sizes = tuple(noise_shape) if isinstance(noise_shape, list | tuple) else ("?",)
        if any(n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1) for n in sizes):
            raise ArgumentError(
                f"{title(self)}: noise_shape must hold positive integers and None, got {noise_shape!r}."
            )
        return sizes

    def perturbed(self, inputs: Any, key: Any) -> Any:
        return ops.dropout(inputs, key, self.rate, noise_shape=self.noise_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "noise_shape": self.noise_shape}

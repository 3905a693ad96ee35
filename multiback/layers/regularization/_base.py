"""The base of layers that change their inputs at random in training."""

from __future__ import annotations

from typing import Any

from multiback.layers._layer import Layer


class RandomLayer(Layer):
    """Returns its inputs outside training; in training `perturbed(inputs, key)`.

    The key depends on the seed (the global one if None), the layer's path and the step: every backend draws the same.
    """

    amount = "rate"

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.supports_masking = True

    def perturbed(self, inputs: Any, key: Any) -> Any:
        """The outputs in training."""
        raise NotImplementedError

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if not training or getattr(self, self.amount) == 0:
            return inputs
        return self.perturbed(inputs, self._random_key(seed=self.seed))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), self.amount: getattr(self, self.amount), "seed": self.seed}

"""What a model's function is given beside its inputs, and gives back beside its outputs."""

from dataclasses import dataclass, field

import jax


@dataclass
class Run:
    """One traced pass: the weights by name, whether it trains, a key for dropout, and the statistics it renews."""

    weights: dict[str, jax.Array]
    training: bool = False
    key: jax.Array | None = None
    statistics: dict[str, jax.Array] = field(default_factory=dict)

    def __getitem__(self, name: str) -> jax.Array:
        return self.weights[name]

    def next_key(self) -> jax.Array:
        """A key that no other draw of this pass has."""
        self.key, key = jax.random.split(self.key)
        return key

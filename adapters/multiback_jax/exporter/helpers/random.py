"""Random draws, as they stand in an exported file."""

import jax
import jax.numpy as jnp


def random_keys(key):
    """Keys made from one, each for one draw."""
    if key is None:
        raise ValueError("Random numbers are drawn here: pass a key, such as key=jax.random.key(0).")
    while True:
        key, one = jax.random.split(key)
        yield one


def random_keys_of(stream):
    """Keys made from one of a stream, which is asked when the first is needed."""
    yield from random_keys(stream())


def dropout(x, key, rate, noise_shape=None):
    """x with elements set to 0 with probability `rate`, and the others divided by 1 - rate."""
    kept = jax.random.bernoulli(key, 1 - rate, x.shape if noise_shape is None else noise_shape)
    return jnp.where(kept, x / (1 - rate), 0)

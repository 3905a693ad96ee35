"""Weights of Flax modules, as they stand in an exported file."""

import jax.numpy as jnp


def set_weights(model, arrays):
    """Gives the variables of a model the arrays of their names, such as `blocks.0.kernel`."""
    for name, array in arrays.items():
        variable = model
        for part in name.split("."):
            variable = variable[int(part)] if part.isdigit() else getattr(variable, part)
        variable[...] = jnp.asarray(array)

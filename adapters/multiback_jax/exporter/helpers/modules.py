"""Weights of Flax modules, as they stand in an exported file."""

import jax.numpy as jnp


def set_weights(model, arrays):
    """Gives the variables of a model the arrays of their names, such as `blocks.0.kernel`."""
    for name, array in arrays.items():
        variable = model
        for part in name.split("."):
            listed = part.isdigit() and hasattr(variable, "__getitem__")
            variable = variable[int(part)] if listed else getattr(variable, f"layer_{part}" if part.isdigit() else part)
        variable[...] = jnp.asarray(array)

"""The handlers of JAX's primitives, by name; each file has the table `HANDLERS` of one family."""

from __future__ import annotations

from multiback_jax.importer.handlers import (
    calls,
    control,
    convolution,
    cumulative,
    elementwise,
    fourier,
    gathering,
    integers,
    linear_algebra,
    products,
    randomness,
    reduction,
    scattering,
    shaping,
    slicing,
    sorting,
    special_functions,
    windows,
)
from multiback_jax.importer.node import Handler

_FAMILIES = (
    calls,
    control,
    convolution,
    cumulative,
    elementwise,
    fourier,
    gathering,
    integers,
    linear_algebra,
    products,
    randomness,
    reduction,
    scattering,
    shaping,
    slicing,
    sorting,
    special_functions,
    windows,
)

HANDLERS: dict[str, Handler] = {name: handler for family in _FAMILIES for name, handler in family.HANDLERS.items()}

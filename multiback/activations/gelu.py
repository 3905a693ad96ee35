"""GELU with Keras's default."""

from __future__ import annotations

from typing import Any

from multiback import ops


def gelu(x: Any, approximate: bool = False) -> Any:
    """Gaussian error linear unit: x * Phi(x), Phi the normal distribution function.

    Arguments:
        x: Float array of any shape.
        approximate: Use the formula with tanh. The default is exact, that of `ops.gelu` is not, as in Keras.

    Source: Hendrycks and Gimpel 2016, Gaussian error linear units.

    Example:
        >>> gelu(np.array([-1.0, 2.0]))    # -0.15865526 1.9544997
    """
    return ops.gelu(x, approximate=approximate)

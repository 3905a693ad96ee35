"""Functions whose result has a shape that depends on data: unique elements, positions of non-zero ones.

A graph cannot express them, so they work on arrays only; they are computed on the host.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from multiback.backends import registry, select
from multiback.errors import TraceError
from multiback.graph.ir import Value
from multiback.graph.trace import as_host_array, current_builder


class UniqueAll(NamedTuple):
    """What `unique_all` returns."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """What `unique_counts` returns."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """What `unique_inverse` returns."""

    values: Any
    inverse_indices: Any


def _on_host(name: str, x: Any) -> tuple[np.ndarray, Any]:
    """The array on the host, and what brings results back."""
    if isinstance(x, Value) or current_builder() is not None:
        raise TraceError(
            f"{name}() has a result whose shape depends on data, which a graph cannot express. "
            "Call it outside of compiled code, or with compile(run_eagerly=True)."
        )
    owner = None if isinstance(x, np.ndarray | np.generic) else registry.owner(x)
    return as_host_array(x), (owner or select.selected()).from_numpy


def unique_all(x: Any) -> UniqueAll:
    """The distinct elements in ascending order, where each first occurs, which each element is, and how many there are.

    Arguments:
        x: Array of any shape; every NaN is distinct.

    Returns:
        `(values, indices, inverse_indices, counts)`, all but the values in int32; `inverse_indices` has the shape of x.

    Raises:
        TraceError: while tracing.

    Source: array API standard 2024.12, unique_all.

    Example:
        >>> ops.unique_all([3, 1, 3]).counts.tolist()
        [1, 2]
    """
    array, back = _on_host("unique_all", x)
    found = np.unique(array, return_index=True, return_inverse=True, return_counts=True, equal_nan=False)
    values, indices, inverse, counts = found
    integers = (indices, inverse.reshape(array.shape), counts)
    return UniqueAll(back(values), *(back(i.astype(np.int32)) for i in integers))


def unique_counts(x: Any) -> UniqueCounts:
    """The distinct elements in ascending order, and how many there are of each: `(values, counts)` of `unique_all`.

    Source: array API standard 2024.12, unique_counts.

    Example:
        >>> ops.unique_counts([3, 1, 3]).values.tolist()
        [1, 3]
    """
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Any) -> UniqueInverse:
    """The distinct elements in ascending order, and which of them each element is: `(values, inverse_indices)`.

    Source: array API standard 2024.12, unique_inverse.

    Example:
        >>> ops.unique_inverse([3, 1, 3]).inverse_indices.tolist()
        [1, 0, 1]
    """
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Any) -> Any:
    """The distinct elements in ascending order; every NaN is distinct.

    Source: array API standard 2024.12, unique_values.

    Example:
        >>> ops.unique_values([3, 1, 3]).tolist()
        [1, 3]
    """
    return unique_all(x).values


def nonzero(x: Any) -> tuple[Any, ...]:
    """The positions of the elements that are not zero, one int32 array per axis, in row-major order.

    Arguments:
        x: Array with at least one axis.

    Raises:
        TraceError: while tracing.

    Source: array API standard 2024.12, nonzero.

    Example:
        >>> ops.nonzero([0, 5, 6])[0].tolist()
        [1, 2]
    """
    array, back = _on_host("nonzero", x)
    return tuple(back(i.astype(np.int32)) for i in np.nonzero(array))

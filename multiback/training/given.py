"""What a person gives to the methods of a model, as the loops take it."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import tree
from multiback.backends import registry


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """`data` as `(x, y, sample_weight)`, None for what is missing."""
    if not isinstance(data, tuple | list):
        return data, None, None
    return (*data, None, None)[:3]  # type: ignore[return-value]


def as_tensors(arrays: Any) -> Any:
    """Abstract inputs of a model for arrays like these, of any batch size."""
    from multiback.layers._symbolic import KerasTensor

    return tree.map(lambda a: KerasTensor((None, *a.shape[1:]), a.dtype), arrays)


def check_names(loss: Any) -> None:
    """Looks up the losses that are given by name.

    Raises:
        UnknownNameError: for a name that is not registered.
    """
    from multiback import losses

    for item in tree.leaves(loss) if not hasattr(loss, "get_config") else [loss]:
        if isinstance(item, str):
            losses.get(item)


def to_host(x: Any) -> np.ndarray:
    """An array of any framework, or what NumPy makes an array of, as a NumPy array."""
    array = registry.to_host(x)
    return np.asarray(x) if array is None else array

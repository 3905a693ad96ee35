"""The outputs of `predict`, written into one array as the batches come."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import tree
from multiback.backends.protocol import Adapter

_WAITING = 1 << 24
"""How many bytes of outputs may stay on the device while later batches are computed."""


class Outputs:
    """Outputs joined along their first axis.

    Arguments:
        adapter: Whose arrays they are.
        samples: How many rows will come; None if that is not known.
    """

    def __init__(self, adapter: Adapter, samples: int | None) -> None:
        self._adapter = adapter
        self._samples = samples
        self._waiting: list[list[Any]] = []
        self._patience = 0
        self._structure: Any = None
        self._joined: list[_Joined] = []

    def add(self, outputs: Any) -> None:
        """Takes the outputs of a batch; reads them when so many have come that waiting for the device costs little."""
        leaves, self._structure = tree.flatten_results(outputs)
        self._waiting.append(leaves)
        if len(self._waiting) > self._patience:
            self._read()

    def result(self) -> Any:
        """All outputs, as NumPy arrays nested as the step returned them."""
        self._read()
        return tree.unflatten(self._structure, [joined.array() for joined in self._joined])

    def _read(self) -> None:
        for leaves in self._waiting:
            arrays = [np.asarray(self._adapter.to_numpy(x)) for x in leaves]
            if not self._joined:
                self._joined = [_Joined(a, self._samples) for a in arrays]
                self._patience = min(32, _WAITING // max(1, sum(a.nbytes for a in arrays)))
            for joined, array in zip(self._joined, arrays):
                joined.add(array)
        self._waiting = []


class _Joined:
    """One array that is filled from the front; parts in a list where the number of rows is not known."""

    def __init__(self, first: np.ndarray, samples: int | None) -> None:
        self._parts: list[np.ndarray] = []
        self._whole: np.ndarray | None = None
        self._filled = 0
        if samples is not None and first.ndim:
            # Parts that are not a row for a sample may be more than the samples: then the list takes over.
            self._whole = np.empty((max(samples, len(first)), *first.shape[1:]), first.dtype)

    def add(self, array: np.ndarray) -> None:
        whole, end = self._whole, self._filled + (len(array) if array.ndim else 1)
        if whole is not None and (end > len(whole) or array.shape[1:] != whole.shape[1:] or array.dtype != whole.dtype):
            self._parts, self._whole = [whole[: self._filled]], None
            whole = None
        if whole is None:
            self._parts.append(np.array(array))
        else:
            whole[self._filled : end] = array
            self._filled = end

    def array(self) -> np.ndarray:
        if self._whole is not None:
            return self._whole[: self._filled]
        if len(self._parts) == 1:
            return self._parts[0]
        return np.concatenate(self._parts) if self._parts[0].ndim else np.stack(self._parts)


def rows_of(samples: int | None, steps: int | None, batch_size: int | None) -> int | None:
    """How many samples a pass serves; None if that is not known."""
    if samples is None:
        return None
    return min(samples, steps * batch_size) if steps and batch_size else samples


def joined(outputs: list[Any], adapter: Adapter) -> Any:
    """The outputs of the batches of one call as one: as they are if it was one batch."""
    if len(outputs) == 1:
        return outputs[0]
    return tree.map(
        lambda *arrays: None if arrays[0] is None else np.concatenate([adapter.to_numpy(a) for a in arrays]), *outputs
    )

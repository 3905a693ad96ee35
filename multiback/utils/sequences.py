"""Sequences of unequal lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback.errors import ArgumentError, DataError


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Pad or cut sequences to one length.

    Args:
        sequences: Sequences of numbers, or of arrays of one shape.
        maxlen: The common length; that of the longest when not given.
        dtype: dtype of the result; `object` for strings of unequal lengths.
        padding: "pre" puts `value` before a short sequence, "post" after it.
        truncating: "pre" cuts the beginning of a long sequence, "post" its end.
        value: What to pad with.

    Returns:
        Array of shape `(len(sequences), maxlen, ...)`.

    Raises:
        ArgumentError: for another `padding` or `truncating`.
        DataError: if an item is no sequence, or its elements differ in shape.

    Example:
        >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
        array([[0, 1],
               [2, 3],
               [5, 6]], dtype=int32)
    """
    for argument, given in (("padding", padding), ("truncating", truncating)):
        if given not in ("pre", "post"):
            raise ArgumentError(f"{argument} is 'pre' or 'post', got {given!r}.")
    for index, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise DataError(f"pad_sequences expects a list of sequences, got {sequence!r} at index {index}.")
    if isinstance(value, str) and np.dtype(dtype).kind not in "OSU":
        raise ArgumentError(f"A string cannot pad an array of {dtype}: pass dtype=object.")
    if maxlen is None:
        maxlen = max(map(len, sequences), default=0)
    element = next((np.asarray(s).shape[1:] for s in sequences if len(s)), ())
    padded = np.full((len(sequences), maxlen, *element), value, dtype=dtype)
    for index, sequence in enumerate(sequences):
        kept = sequence[max(0, len(sequence) - maxlen) :] if truncating == "pre" else sequence[:maxlen]
        if not len(kept):
            continue
        row = np.asarray(kept, dtype=dtype)
        if row.shape[1:] != element:
            raise DataError(f"Elements of sequence {index} have shape {row.shape[1:]}, those before it {element}.")
        padded[index, slice(maxlen - len(row), None) if padding == "pre" else slice(len(row))] = row
    return padded

"""Indexing as a person writes it, and the errors for what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from multiback.dtypes import as_dtype
from multiback.errors import ArgumentError, DtypeError, MultibackError, ShapeError, TraceError
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.graph.op import OPS
from multiback.graph.trace import trace
from multiback.ops.creation import convert_to_numpy, convert_to_tensor
from multiback.ops.indexing import getitem
from multiback.ops.slicing import slice as part
from multiback.ops.slicing import slice_update

X = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
ROWS = np.array([2, -1, 0])

KEYS: dict[str, Any] = {
    "array": ROWS,
    "list": [2, -1, 0],
    "array on the last axis": (..., ROWS),
    "array in the middle": (slice(1, None), ROWS, slice(None, None, -1)),
    "array after an integer": (0, ROWS),
    "array beside a new axis": (None, ROWS, None),
    "matrix of indices": np.array([[0, 1], [2, -3]]),
    "negative step": (slice(None), slice(-1, None, -2)),
    "numpy integer": np.int64(1),
    "everything": (),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_keys_mean_what_they_mean_in_numpy(backend: str, key: Any) -> None:
    expected = X[np.array(key)] if isinstance(key, list) else X[key]
    np.testing.assert_array_equal(convert_to_numpy(getitem(X, key)), expected)


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (7, ShapeError),
        ((0, 0, 0, 0), ShapeError),
        ((..., 0, ...), ShapeError),
        (slice(0, 3, 0), ArgumentError),
        (X > 2, DtypeError),
        (True, DtypeError),
        ((ROWS, ROWS), ArgumentError),
        ("a", ArgumentError),
        (1.5, ArgumentError),
        (np.array([0.5]), DtypeError),
    ],
)
def test_a_bad_key_is_a_clear_error(backend: str, key: Any, error: type[MultibackError]) -> None:
    with pytest.raises(error):
        getitem(X, key)


def test_the_same_text_on_every_backend(backend: str) -> None:
    with pytest.raises(ShapeError, match="Index 7 is out of range for axis 1 of size 4"):
        getitem(X, (0, 7))


def test_a_slice_bound_that_is_an_array_names_the_remedy() -> None:
    with pytest.raises(TraceError, match=r"ops\.slice"):
        trace(lambda x, i: x[i : i + 2], Spec((4,), as_dtype("float32")), Spec((), as_dtype("int32")))


def test_sizes_of_symbolic_slices() -> None:
    batch = Dim.named("batch")
    spec = Spec((batch, 5), as_dtype("float32"))
    graph = trace(lambda x: (x[1:], x[:-1], x[:3], x[-1:], x[::2], x[-1]), spec).graph
    assert [str(v.shape[0]) for v in graph.outputs[:4]] == ["batch - 1", "batch - 1", "-max(batch, 3) + batch + 3", "1"]
    assert graph.outputs[5].shape == (5,)


@pytest.mark.parametrize("start", [(0, 1, 2), (-3, 9, 1)])
def test_slice_and_its_update_take_known_and_computed_starts(backend: str, start: tuple[int, ...]) -> None:
    inside = [min(max(s, 0), n - c) for s, n, c in zip(start, X.shape, (2, 2, 3))]
    where = tuple(slice(s, s + c) for s, c in zip(inside, (2, 2, 3)))
    expected = X.copy()
    expected[where] = -1
    computed = convert_to_tensor(np.array(start, np.int32))
    for given in (start, computed):
        np.testing.assert_array_equal(convert_to_numpy(part(X, given, (2, 2, 3))), X[where])
        written = slice_update(X, given, np.full((2, 2, 3), -1, np.float32))
        np.testing.assert_array_equal(convert_to_numpy(written), expected)


def test_out_of_range_indices_are_clamped_alike(backend: str) -> None:
    taken = OPS["take"](X, np.array([5, -9, -1]), axis=1)
    np.testing.assert_array_equal(convert_to_numpy(taken), X[:, [3, 0, 3]])
    summed = OPS["scatter"](np.array([[9], [-9], [-1]]), np.array([1.0, 2.0, 4.0], np.float32), (4,))
    np.testing.assert_array_equal(convert_to_numpy(summed), [2, 0, 0, 5])

"""Functions that make arrays, and those that only look at them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from multiback import config
from multiback.dtypes import float32
from multiback.errors import ArgumentError, DtypeError, MultibackError, ShapeError
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.graph.trace import trace
from multiback.ops import creation, grids
from multiback.ops.einsum import einsum


def numpy(x: Any) -> np.ndarray:
    return creation.convert_to_numpy(x)


def test_dtypes_of_what_is_made(backend: str) -> None:
    made = {
        "float32": [
            creation.zeros((2,)),
            creation.ones(3),
            creation.arange(1.0),
            grids.eye(2),
            creation.array([1.0]),
        ],
        "int32": [creation.arange(3), creation.array([1, 2]), creation.full((2,), 1.7, "int32")],
        "bool": [creation.array([True]), creation.zeros((1,), "bool")],
    }
    for dtype, arrays in made.items():
        assert [str(numpy(a).dtype) for a in arrays] == [dtype] * len(arrays)


def test_the_default_float_type_is_that_of_the_moment(backend: str) -> None:
    assert numpy(creation.zeros((2,))).dtype == "float32"
    config.set_floatx("float64")
    try:
        assert numpy(creation.zeros((2,))).dtype == "float64"
    finally:
        config.set_floatx("float32")


def test_each_call_makes_an_array_of_its_own(backend: str) -> None:
    assert creation.zeros((3,)) is not creation.zeros((3,))
    first = creation.ones((3,))
    if hasattr(first, "__setitem__") and backend in ("numpy", "torch"):
        first[0] = 5
    np.testing.assert_array_equal(numpy(creation.ones((3,))), [1, 1, 1])


def test_symbolic_sizes(backend: str, adapter: Any) -> None:
    batch = Dim.named("batch")

    def function(x: Any) -> Any:
        n = x.shape[0]
        return (
            creation.arange(n),
            creation.arange(2, 2 * n, 2),
            grids.eye(n),
            creation.zeros((n, 2)),
            creation.arange(n, 0, -1),
        )

    graph = trace(function, Spec((batch, 3), float32)).graph
    for n in (1, 4):
        got = adapter.compile(graph)(np.zeros((n, 3), np.float32))
        want = np.arange(n), np.arange(2, 2 * n, 2), np.eye(n), np.zeros((n, 2)), np.arange(n, 0, -1)
        for a, b in zip(got, want):
            np.testing.assert_array_equal(adapter.to_numpy(a), b)


def test_meshgrid_and_linspace_with_step(backend: str) -> None:
    for indexing in ("xy", "ij"):
        got = grids.meshgrid(np.arange(2), np.arange(3), indexing=indexing)
        for a, b in zip(got, np.meshgrid(np.arange(2), np.arange(3), indexing=indexing)):
            np.testing.assert_array_equal(numpy(a), b)
    line, step = grids.linspace(0.0, 2.0, 5, retstep=True)
    np.testing.assert_allclose(numpy(line), [0, 0.5, 1, 1.5, 2], rtol=1e-7)
    assert float(numpy(step)) == 0.5


def test_shapes_are_read_without_computing(backend: str) -> None:
    x = creation.zeros((2, 3))
    assert (creation.shape(x), creation.ndim(x), creation.size(x)) == ((2, 3), 2, 6)
    assert creation.shape([[1, 2], [3, 4]]) == (2, 2)


def test_conversion_keeps_arrays_and_casts_on_request(backend: str) -> None:
    x = creation.convert_to_tensor(np.arange(3))
    kept = creation.convert_to_tensor(x)
    assert kept is x or (backend == "numpy" and not np.shares_memory(kept, x))
    assert numpy(creation.convert_to_tensor(x, "float32")).dtype == "float32"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: creation.arange(0, 3, 0), ArgumentError),
        (lambda: creation.arange("3"), ArgumentError),
        (lambda: creation.zeros((2.5,)), ArgumentError),
        (lambda: grids.meshgrid([1], indexing="ab"), ArgumentError),
        (lambda: creation.convert_to_tensor(["a"]), DtypeError),
        (lambda: creation.convert_to_tensor([1], sparse=True), DtypeError),
        (lambda: einsum("ij,jk", np.ones((2, 3))), ArgumentError),
        (lambda: einsum("ij->k", np.ones((2, 3))), ArgumentError),
        (lambda: einsum("i?", np.ones(2)), ArgumentError),
        (lambda: einsum("ij", np.ones(2)), ShapeError),
        (lambda: einsum("i,i", np.ones(2), np.ones(3)), ShapeError),
    ],
)
def test_bad_arguments_are_clear_errors(backend: str, call: Any, error: type[MultibackError]) -> None:
    with pytest.raises(error):
        call()

"""The array API namespace on every backend; the public suite, `run.py`, goes much further."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import array_api as xp
from multiback import ops
from multiback.array_api.operators import BINARY, COMPARISONS, UNARY
from multiback.array_api.signatures import (
    CONSTANTS,
    CREATION,
    DATA_TYPE,
    DTYPES,
    FFT,
    FREQUENCIES,
    FUNCTIONS,
    LINALG,
)
from multiback.errors import ArgumentError, DtypeError, OutOfRangeError, ShapeError

PROMOTIONS = [
    ("int8", "uint8", "int16"),
    ("int16", "uint32", "int64"),
    ("int32", "int64", "int64"),
    ("uint8", "uint64", "uint64"),
    ("bool", "bool", "bool"),
    ("float32", "float64", "float64"),
    ("float64", "complex64", "complex128"),
    ("float32", "complex64", "complex64"),
    ("complex64", "complex128", "complex128"),
]
"""Source: array API standard 2024.12, type promotion rules."""


def numbers(x: Any) -> Any:
    return np.asarray(x).tolist()


def _parameters(signature: inspect.Signature) -> list[tuple[str, Any, Any]]:
    return [(p.name, p.kind, p.default) for p in signature.parameters.values()]


@pytest.mark.parametrize(
    ("namespace", "table"),
    [(xp, {**CREATION, **DATA_TYPE, **FUNCTIONS}), (xp.linalg, LINALG), (xp.fft, {**FFT, **FREQUENCIES})],
    ids=["main", "linalg", "fft"],
)
def test_functions_have_the_names_and_parameters_of_the_standard(namespace: Any, table: dict[str, str]) -> None:
    for name, parameters in table.items():
        expected = inspect.signature(eval(f"lambda {parameters}: None"))
        assert _parameters(inspect.signature(getattr(namespace, name))) == _parameters(expected), name
        assert name in namespace.__all__


def test_names_that_are_not_made_from_the_table() -> None:
    for name in (*CONSTANTS, *DTYPES, "asarray", "from_dlpack", "linalg", "fft", "__array_namespace_info__"):
        assert hasattr(xp, name), name
    assert xp.newaxis is None
    assert xp.isnan(xp.asarray(xp.nan))
    assert xp.__array_api_version__ == "2024.12"
    assert xp.asarray(1).__array_namespace__(api_version="2023.12") is xp
    with pytest.raises(ArgumentError, match=r"1999\.01"):
        xp.asarray(1).__array_namespace__(api_version="1999.01")


def test_operators_are_those_of_the_standard() -> None:
    methods = {*UNARY, *COMPARISONS, *(f"__{p}{n}__" for n in BINARY for p in ("", "r", "i"))}
    assert len(methods) == 4 + 6 + 3 * 13
    for name in methods:
        assert callable(getattr(xp.Array, name))


@pytest.mark.parametrize(("first", "second", "expected"), PROMOTIONS)
def test_promotion(backend: str, first: str, second: str, expected: str) -> None:
    dtypes = [getattr(xp, name) for name in (first, second)]
    x, y = (xp.asarray([1, 0], dtype=dtype) for dtype in dtypes)
    z = xp.concat([x, y])
    assert z.dtype == getattr(xp, expected)
    assert xp.result_type(*dtypes) == xp.result_type(y, x) == z.dtype
    assert numbers(z) == [1, 0, 1, 0]


def test_python_numbers_are_weak(backend: str) -> None:
    assert (xp.asarray([1.0], dtype=xp.float64) + 1).dtype == xp.float64
    assert (2 - xp.asarray([1], dtype=xp.int8)).dtype == xp.int8
    assert (xp.asarray([1.0]) * 1j).dtype == xp.complex64
    assert [xp.asarray(n).dtype for n in (True, 1, 1.0, 1j)] == [xp.bool, xp.int32, xp.float32, xp.complex64]


def test_arrays_belong_to_the_backend_that_was_selected(backend: str) -> None:
    x = xp.asarray([[1.0, 2.0], [3.0, 4.0]])
    with mb.use_backend("numpy" if backend == "torch" else "torch"):
        y = xp.linalg.inv(x) @ x
        assert y.adapter.name == x.adapter.name == backend
        other = xp.ones((2, 2))
    with pytest.raises(ArgumentError, match="different backends"):
        xp.add(x, other)
    with pytest.raises(DtypeError, match="asarray"):
        xp.add(x, np.ones(2))
    with pytest.raises(DtypeError, match="at least one Array"):
        xp.sin(1.0)
    np.testing.assert_allclose(np.asarray(y), np.eye(2), atol=1e-6)


def test_indexing(backend: str) -> None:
    array = np.arange(12, dtype=np.int32).reshape(3, 4)
    x = xp.asarray(array)
    for key in (1, -1, (2, 3), (slice(None), 1), (..., None, 0), slice(None, None, -2), (), (slice(5, 9),)):
        assert numbers(x[key]) == array[key].tolist(), key
    rows, columns = xp.asarray([0, 2]), xp.asarray([[1], [-1]])
    assert numbers(x[rows, columns]) == array[[0, 2], [[1], [-1]]].tolist()
    assert numbers(x[rows, 1]) == array[[0, 2], 1].tolist()
    assert numbers(x[x > 4]) == array[array > 4].tolist()
    assert x[xp.zeros((3,), dtype=xp.bool)].shape == (0, 4)
    for key in ((3, 0), (0, 0, 0), 3, xp.asarray([True])):
        with pytest.raises(OutOfRangeError, match=r"fit|range"):
            x[key]
    assert [int(v) for v in x[0]] == [0, 1, 2, 3]


def test_assignment_changes_one_array_only(backend: str) -> None:
    x = xp.zeros((2, 3))
    same = xp.asarray(x, copy=False)
    y, z = xp.asarray(x, copy=True), x + 0
    x[0] = 7
    x[xp.asarray([[False, False, True], [False, True, False]])] = xp.asarray([1.0, 2.0])
    assert same is x
    assert numbers(x) == [[7.0, 7.0, 1.0], [0.0, 2.0, 0.0]]
    assert not xp.any(y)
    z += 1
    z *= xp.asarray(2.0)
    assert numbers(z) == [[2.0] * 3] * 2
    with pytest.raises(DtypeError, match="stay"):
        z *= 1j
    with pytest.raises(ShapeError, match="stay"):
        z += xp.ones((4, 2, 3))
    with pytest.raises(ShapeError, match="does not fit"):
        x[0] = xp.zeros((5,))


def test_shifts_by_more_bits_than_there_are(backend: str) -> None:
    x = xp.asarray([-5, 7], dtype=xp.int8)
    assert numbers(x >> 1000) == [-1, 0]
    assert numbers(x << 8) == [0, 0]


def test_scalars_become_python_numbers(backend: str) -> None:
    assert bool(xp.asarray(True)) is True
    assert [10, 20, 30][xp.asarray(1)] == 20
    assert int(xp.asarray(3.7)) == 3
    assert float(xp.asarray(2)) == 2.0
    assert complex(xp.asarray(2j)) == 2j
    with pytest.raises(ShapeError, match="one element"):
        bool(xp.zeros((2,)))
    with pytest.raises(TypeError, match="float32"):
        range(xp.asarray(1.0))


def test_dlpack(backend: str) -> None:
    x = xp.asarray([1.5, -2.0])
    assert np.from_dlpack(x).tolist() == [1.5, -2.0]
    assert x.__dlpack_device__()[0] == 1
    y = xp.from_dlpack(np.asarray([3, 4], np.int16))
    assert y.dtype == xp.int16
    assert y.adapter.name == backend
    assert numbers(y) == [3, 4]


def test_info(backend: str) -> None:
    info = xp.__array_namespace_info__()
    assert set(info.dtypes()) == set(DTYPES)
    assert set(info.dtypes(kind="unsigned integer")) == {"uint8", "uint16", "uint32", "uint64"}
    assert info.default_dtypes()["real floating"] == xp.asarray(1.0).dtype
    assert info.default_device() in info.devices()
    x = xp.ones((2,), device=info.default_device())
    assert x.device == info.default_device()
    assert x.to_device(x.device) is x
    with pytest.raises(ArgumentError, match="mars"):
        xp.ones((2,), device="mars")
    assert xp.finfo(xp.complex64).dtype == xp.float32
    assert xp.iinfo(xp.int8).min == -128


def test_sets_and_positions(backend: str) -> None:
    x = xp.asarray([[3, 1], [3, 0]])
    found = xp.unique_all(x)
    assert numbers(found.values) == [0, 1, 3]
    assert numbers(found.counts) == [1, 1, 2]
    assert numbers(found.values[found.inverse_indices]) == numbers(x)
    assert [numbers(i) for i in xp.nonzero(x)] == [[0, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
def test_neighbours_and_signs(backend: str, dtype: str) -> None:
    x = ops.array([1.0, -1.0, 0.0, -0.0], dtype=dtype)
    up = np.asarray(ops.convert_to_numpy(ops.nextafter(x, ops.array([2.0, 0.0, 1.0, 1.0], dtype=dtype))), np.float64)
    eps = ops.finfo(dtype).eps
    assert up[0] == 1.0 + eps
    assert up[1] == -1.0 + eps / 2
    assert ops.convert_to_numpy(ops.signbit(x)).tolist() == [False, True, False, True]


def test_complex_numbers(backend: str) -> None:
    x = xp.asarray([3 + 4j, -1j])
    assert numbers(xp.abs(x)) == [5.0, 1.0]
    assert numbers(xp.conj(x) * x) == [25 + 0j, 1 + 0j]
    y = xp.asarray([0.3 + 0.4j, 2 - 1j, -0.5 + 3j], dtype=xp.complex128)
    for name in (
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atanh",
        "exp",
        "expm1",
        "log",
        "log1p",
        "sqrt",
        "tan",
        "tanh",
    ):
        expected = getattr(np, name)(np.asarray(y))
        np.testing.assert_allclose(np.asarray(getattr(xp, name)(y)), expected, rtol=1e-12, err_msg=name)
    with pytest.raises(DtypeError, match="imaginary"):
        xp.astype(x, xp.float32)


def test_complex_bodies_of_inverse_functions() -> None:
    y = np.asarray([0.3 + 0.4j, 2 - 1j, -0.5 + 3j, -2 + 0.1j])
    adapter = mb.backends.get_adapter("numpy")
    for name in ("arccos", "arcsin", "arctan", "arccosh", "arctanh"):
        graph = mb.trace(getattr(ops, name), mb.graph.ir.Spec((4,), mb.dtypes.complex128)).graph
        found = adapter.compile(graph, mb.backends.Options(fast=False))(y)[0]
        np.testing.assert_allclose(found, getattr(np, name)(y), rtol=1e-13, err_msg=name)


def test_fourier_transforms(backend: str) -> None:
    x = np.arange(12.0).reshape(3, 4) ** 2
    y = xp.asarray(x, dtype=xp.float64)
    np.testing.assert_allclose(np.asarray(xp.fft.fftn(y)), np.fft.fftn(x), atol=1e-12)
    back = np.asarray(xp.fft.irfft(xp.fft.rfft(y, n=5), n=5))
    np.testing.assert_allclose(back[:, :4], x, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(back[:, 4], 0.0, atol=1e-13)
    np.testing.assert_allclose(np.asarray(xp.fft.hfft(y, norm="ortho")), np.fft.hfft(x, norm="ortho"), atol=1e-11)
    assert numbers(xp.fft.fftshift(xp.fft.fftfreq(4))) == [-0.5, -0.25, 0.0, 0.25]

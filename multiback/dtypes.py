"""Data types by name, and the one promotion table that holds on every backend.

The table is the array API's, completed as JAX and Keras complete it: an integer with a float gives that float, two
different 16-bit floats give float32, a float with a complex number gives the complex dtype that holds both, and Python
numbers are weak: they take the dtype of the array they meet.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from multiback.errors import DtypeError, closest


class DType(str):
    """A data type, equal to its name: `float32 == "float32"`.

    Attributes:
        kind: "b" for bool, "i" signed, "u" unsigned integers, "f" floats, "c" complex numbers.
        bits: Width in bits (bool counts 8).
        numpy: The matching `numpy.dtype`.
    """

    __slots__ = ("bits", "kind", "numpy")

    kind: str
    bits: int
    numpy: np.dtype

    def __new__(cls, name: str, kind: str, numpy_type: Any) -> DType:
        self = super().__new__(cls, name)
        self.kind = kind
        self.numpy = np.dtype(numpy_type)
        self.bits = self.numpy.itemsize * 8
        return self

    def __reduce__(self) -> tuple:
        return as_dtype, (str(self),)

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.bits // 8

    @property
    def is_float(self) -> bool:
        return self.kind == "f"

    @property
    def is_complex(self) -> bool:
        return self.kind == "c"

    @property
    def is_inexact(self) -> bool:
        """Whether it rounds: floats and complex numbers."""
        return self.kind in "fc"

    @property
    def is_integer(self) -> bool:
        return self.kind in "iu"


bool_ = DType("bool", "b", np.bool_)
int8 = DType("int8", "i", np.int8)
int16 = DType("int16", "i", np.int16)
int32 = DType("int32", "i", np.int32)
int64 = DType("int64", "i", np.int64)
uint8 = DType("uint8", "u", np.uint8)
uint16 = DType("uint16", "u", np.uint16)
uint32 = DType("uint32", "u", np.uint32)
uint64 = DType("uint64", "u", np.uint64)
float16 = DType("float16", "f", np.float16)
bfloat16 = DType("bfloat16", "f", ml_dtypes.bfloat16)
float32 = DType("float32", "f", np.float32)
float64 = DType("float64", "f", np.float64)
complex64 = DType("complex64", "c", np.complex64)
complex128 = DType("complex128", "c", np.complex128)

ALL = {
    str(d): d
    for d in (
        *(bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64),
        *(float16, bfloat16, float32, float64, complex64, complex128),
    )
}
_ALIASES: dict[Any, DType] = {
    bool: bool_,
    int: int32,
    float: float32,
    complex: complex64,
    "half": float16,
    "float": float32,
    "int": int32,
    "complex": complex64,
}
_BY_NUMPY = {d.numpy: d for d in ALL.values()}


def as_dtype(value: Any) -> DType:
    """The `DType` for a name, a NumPy dtype or scalar type, a Python number type, or an object with `.dtype`.

    Raises:
        DtypeError: if it names no supported dtype.
    """
    if isinstance(value, DType):
        return value
    if isinstance(value, str) and value in ALL:
        return ALL[value]
    try:
        if value in _ALIASES:
            return _ALIASES[value]
        return _BY_NUMPY[np.dtype(value)]
    except (TypeError, ValueError, KeyError):
        pass
    if (text := str(getattr(value, "name", value)).rsplit(".", 1)[-1]) in ALL:
        return ALL[text]
    raise DtypeError(f"Unknown dtype {value!r}.{closest(str(value), ALL)} Known: {', '.join(ALL)}.")


def promote(*types: DType) -> DType:
    """The dtype that operands of these (strong) dtypes meet in.

    Example:
        >>> promote(int32, float16)
        'float16'
    """
    result = types[0]
    for other in types[1:]:
        result = _promote_pair(result, other)
    return result


def _promote_pair(a: DType, b: DType) -> DType:
    if a is b:
        return a
    rank = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
    if {a.kind, b.kind} == {"f", "c"}:
        return complex128 if float64 in (a, b) or complex128 in (a, b) else complex64
    if rank[a.kind] != rank[b.kind]:
        return a if rank[a.kind] > rank[b.kind] else b
    if a.kind == b.kind:
        if a.bits != b.bits:
            return a if a.bits > b.bits else b
        return float32  # float16 with bfloat16
    signed, unsigned = (a, b) if a.kind == "i" else (b, a)
    if signed.bits > unsigned.bits:
        return signed
    wider = unsigned.bits * 2
    return ALL[f"int{wider}"] if wider <= 64 else float32


def complex_of(dtype: DType) -> DType:
    """The complex dtype whose parts hold numbers of `dtype`."""
    return complex128 if dtype in (float64, complex128) else complex64


def real_of(dtype: DType) -> DType:
    """The dtype of the parts of a complex dtype; any other as it is."""
    return {complex64: float32, complex128: float64}.get(dtype, dtype)


def of_scalar(value: bool | int | float | complex) -> DType:
    """The dtype a bare Python number gets when no array decides it."""
    if isinstance(value, bool | np.bool_):
        return bool_
    if isinstance(value, int | np.integer):
        return int32
    return complex64 if isinstance(value, complex | np.complexfloating) else float32


def weak_result(dtype: DType, scalar: bool | int | float | complex) -> DType:
    """The dtype of an array of `dtype` combined with a Python number."""
    kind = of_scalar(scalar)
    if kind.kind == "c":
        return complex_of(dtype)
    if kind.kind == "f" and not dtype.is_inexact:
        return float32
    if kind.kind == "i" and dtype.kind == "b":
        return int32
    return dtype

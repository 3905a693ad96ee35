"""Complex numbers: made of their parts, taken apart, conjugated.

Gradients of real functions of real inputs flow through complex numbers on backends that differentiate by themselves;
the NumPy reference refuses them with a GradientError.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import DtypeError
from multiback.graph.ir import Spec
from multiback.ops._cases import EXACT, Case, Sample, exact
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import as_type, chained, elementwise, like, promoting

_PARTS = Sample(values=[[1.0, -2.0, 0.5], [0.0, -0.0, float("inf")]])
_NUMBERS = Sample(values=np.array([1 + 2j, -0.5j, complex(float("inf"), -1.0)]), dtype="complex64")
_WIDE = Sample(values=np.array([1 + 2j, -0.5j]), dtype="complex128")
_COMPLEX = [*exact(["float32"], _NUMBERS), *exact(["float64"], _WIDE, label="wide")]


def _half_as_single(call: dict[str, Any]) -> None:
    for name in ("real", "imag"):
        if call[name].dtype.is_complex:
            raise DtypeError(f"complex() takes real numbers; {name} is {call[name].dtype}.")
        if call[name].dtype.bits < 32:
            call[name] = as_type(call[name], dtypes.float32)


@primitive(
    canonical=chained(promoting("real", "imag", to_float=True), _half_as_single),
    cases=[
        Case((_PARTS, Sample((3,))), {}, "broadcast", ("float32", "float64"), EXACT, False),
        Case((Sample(("batch", 3)), 0.0), {}, "number", bound=EXACT, differentiable=False),
    ],
)
def complex(real: Array, imag: Array) -> Spec:
    """Complex numbers with these parts: y = real + i * imag.

    Arguments:
        real, imag: Real numbers, of shapes that broadcast; integers and 16-bit floats become float32.

    Returns:
        The broadcast shape, in complex64 or, for float64, complex128.

    Raises:
        DtypeError: if a part is complex itself.

    Example:
        >>> ops.complex([1.0], [2.0]).tolist()
        [(1+2j)]
    """
    return elementwise(real, imag, dtype=dtypes.complex_of(real.dtype))


@complex.meaning
def _(real: Any, imag: Any) -> Any:
    real, imag = np.broadcast_arrays(real, imag)
    y = np.empty(real.shape, np.result_type(real.dtype, np.complex64))
    y.real, y.imag = real, imag
    return y


@primitive(accepts="c", cases=_COMPLEX)
def real(x: Array) -> Spec:
    """The real part.

    Arguments:
        x: Complex numbers.

    Returns:
        The shape of `x`, in the float dtype of its parts.

    Raises:
        DtypeError: for real numbers.

    Source: array API standard 2024.12, real.

    Example:
        >>> ops.real([1 + 2j]).tolist()
        [1.0]
    """
    return like(x, dtypes.real_of(x.dtype))


real.meaning(lambda x: np.real(x).copy())


@primitive(accepts="c", cases=_COMPLEX)
def imag(x: Array) -> Spec:
    """The imaginary part.

    Arguments:
        x: Complex numbers.

    Returns:
        The shape of `x`, in the float dtype of its parts.

    Raises:
        DtypeError: for real numbers.

    Source: array API standard 2024.12, imag.

    Example:
        >>> ops.imag([1 + 2j]).tolist()
        [2.0]
    """
    return like(x, dtypes.real_of(x.dtype))


imag.meaning(lambda x: np.imag(x).copy())


@composite(cases=[*_COMPLEX, *exact(["float32"], Sample(("batch", 3)), label="real")])
def conj(x: Array) -> Any:
    """Complex conjugate: y = real(x) - i * imag(x); real numbers stay as they are.

    Arguments:
        x: Numbers.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, conj.

    Example:
        >>> ops.conj([1 + 2j]).tolist()
        [(1-2j)]
    """
    return complex(real(x), -imag(x)) if x.dtype.is_complex else x


conjugate = conj

"""Arrays made from nothing but sizes and numbers. Sizes may be symbolic."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import config, dtypes
from multiback.backends import registry, select
from multiback.errors import ArgumentError, DtypeError
from multiback.graph.dims import Dim, Size
from multiback.graph.ir import Literal, Spec, Value
from multiback.graph.trace import as_host_array, current_builder
from multiback.ops._cases import ALL_DTYPES, EXACT, Bound, Case, Sample
from multiback.ops._define import OPS, Array, composite, primitive
from multiback.ops._rules import chained
from multiback.ops.shaping import broadcast_to
from multiback.ops.sizes import dimension

_X = Sample(("batch", 3))


def _made(label: str = "", *, c: float = 0.0, **attributes: Any) -> Case:
    return Case((), attributes, label, ("float32",), Bound(c), False)


@primitive(cases=[_made(size=5), _made("one", size=1), _made("none", size=0), _made("huge", size=10**6)])
def iota(size: Any) -> Spec:
    """The integers 0, 1, ..., size - 1.

    Arguments:
        size: How many; it may be symbolic.

    Returns:
        int32 array of shape (size,).

    Example:
        >>> ops.iota(3).tolist()
        [0, 1, 2]
    """
    return Spec((size,), dtypes.int32)


@iota.meaning
def _(size: Any) -> Any:
    return np.arange(size, dtype=np.int32)


def number(size: Size) -> Any:
    """A size as an operand: the integer itself, or the scalar that stands for a symbolic one."""
    return dimension(size, dtypes.int32) if isinstance(size, Dim) else size


def float_type(call: dict[str, Any]) -> None:
    """Canonical form: `dtype` is `floatx()` unless given."""
    call["dtype"] = dtypes.as_dtype(call["dtype"] or config.floatx())


def _shaped(call: dict[str, Any]) -> None:
    shape = call["shape"]
    call["shape"] = shape if isinstance(shape, tuple) else (shape,)


_NEW = chained(_shaped, float_type)
_SHAPES = [
    _made(shape=(2, 3)),
    _made("scalar", shape=()),
    _made("empty", shape=(0, 3)),
    *(_made(dtype, shape=4, dtype=dtype) for dtype in ALL_DTYPES[1:]),
]


@composite(canonical=_NEW, cases=_SHAPES)
def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros of a shape.

    Arguments:
        shape: Sizes; they may be symbolic.
        dtype: `floatx()` unless given.

    Returns:
        Array of `shape` and `dtype`.

    Source: array API standard 2024.12, zeros.

    Example:
        >>> ops.zeros((2,)).tolist()
        [0.0, 0.0]
    """
    return broadcast_to(OPS["cast"](0, dtype), shape)


@composite(canonical=_NEW, cases=_SHAPES)
def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones of a shape.

    Arguments:
        shape: Sizes; they may be symbolic.
        dtype: `floatx()` unless given.

    Returns:
        Array of `shape` and `dtype`.

    Source: array API standard 2024.12, ones.

    Example:
        >>> ops.ones((2,)).tolist()
        [1.0, 1.0]
    """
    return broadcast_to(OPS["cast"](1, dtype), shape)


@composite(
    name="full",
    canonical=_NEW,
    cases=[
        Case((Sample(()),), {"shape": (2, 3)}, "", ("float32", "int32"), EXACT, False),
        Case((Sample((3,)),), {"shape": (2, 3), "dtype": "float32"}, "row", bound=EXACT, differentiable=False),
        Case((Sample((3,)),), {"shape": (0, 3), "dtype": "float32"}, "empty", bound=EXACT, differentiable=False),
        *(
            Case((Sample((), 0, 9),), {"shape": 2, "dtype": d}, d, ("float32",), EXACT, False)
            for d in ("float16", "bfloat16", "int8", "bool")
        ),
        Case((float("nan"),), {"shape": (2,), "dtype": "float32"}, "NaN", bound=EXACT, differentiable=False),
    ],
)
def _full(shape: Any, fill_value: Array, dtype: Any = None) -> Any:
    """An array of a shape filled with a value or an array that broadcasts to it."""
    return broadcast_to(OPS["cast"](fill_value, dtype), shape)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of a shape filled with a value.

    Arguments:
        shape: Sizes; they may be symbolic.
        fill_value: Number, or an array that broadcasts to `shape`.
        dtype: `floatx()` unless given.

    Returns:
        Array of `shape` and `dtype`.

    Source: array API standard 2024.12, full.

    Example:
        >>> ops.full((2,), 0.5).tolist()
        [0.5, 0.5]
    """
    dtype = dtypes.as_dtype(dtype or config.floatx())
    return _full(shape, _in_dtype(fill_value, dtype), dtype)


def _in_dtype(value: Any, dtype: dtypes.DType) -> Any:
    """A Python number as an array of a dtype, rounded once; anything else as it is."""
    return np.asarray(value, dtype.numpy) if isinstance(value, bool | int | float | complex) else value


def _typed_like(call: dict[str, Any]) -> None:
    call["dtype"] = dtypes.as_dtype(call["dtype"] or call["x"].dtype)


_LIKE = [
    Case((_X,), {}, "", ALL_DTYPES, EXACT, False),
    Case((_X,), {"dtype": "int32"}, "dtype", bound=EXACT, differentiable=False),
    Case((Sample(()),), {}, "scalar", bound=EXACT, differentiable=False),
    # An operand that the result does not depend on has gradient 0.
    Case((Sample((3,)),), {}, "divergence-35", bound=EXACT),
]


@composite(canonical=_typed_like, cases=_LIKE)
def zeros_like(x: Array, dtype: Any = None) -> Any:
    """Zeros with the shape of x.

    Arguments:
        x: Array.
        dtype: That of x unless given.

    Returns:
        Array of the shape of x.

    Source: array API standard 2024.12, zeros_like.

    Example:
        >>> ops.zeros_like([3, 4]).tolist()
        [0, 0]
    """
    return zeros(x.shape, dtype)


@composite(canonical=_typed_like, cases=_LIKE)
def ones_like(x: Array, dtype: Any = None) -> Any:
    """Ones with the shape of x.

    Arguments:
        x: Array.
        dtype: That of x unless given.

    Returns:
        Array of the shape of x.

    Source: array API standard 2024.12, ones_like.

    Example:
        >>> ops.ones_like([3, 4]).tolist()
        [1, 1]
    """
    return ones(x.shape, dtype)


@composite(
    name="full_like",
    canonical=_typed_like,
    cases=[
        Case((_X, Sample(())), {}, "", ("float32", "int32"), EXACT),
        Case((_X, Sample((3,))), {}, "row", bound=EXACT),
        Case((_X, 1.5), {"dtype": "float16"}, "dtype", ("float32", "int32"), EXACT, False),
    ],
)
def _full_like(x: Array, fill_value: Array, dtype: Any = None) -> Any:
    """An array with the shape of x filled with a value or an array that broadcasts to it."""
    return broadcast_to(OPS["cast"](fill_value, dtype), x.shape)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array with the shape of x filled with a value.

    Arguments:
        x: Array.
        fill_value: Number, or an array that broadcasts to the shape of x.
        dtype: That of x unless given.

    Returns:
        Array of the shape of x.

    Source: array API standard 2024.12, full_like.

    Example:
        >>> ops.full_like([1, 2], 7).tolist()
        [7, 7]
    """
    wanted = dtype or getattr(x, "dtype", None)
    return _full_like(x, fill_value if wanted is None else _in_dtype(fill_value, dtypes.as_dtype(wanted)), dtype)


empty = zeros
empty_like = zeros_like


def _range(call: dict[str, Any]) -> None:
    if call["stop"] is None:
        call["start"], call["stop"] = 0, call["start"]
    call["step"] = 1 if call["step"] is None else call["step"]
    given = (call["start"], call["stop"], call["step"])
    for part in given:
        if not isinstance(part, int | float | Dim):
            raise ArgumentError(f"arange() takes numbers and sizes that are known while tracing, got {part!r}.")
    if call["step"] == 0:
        raise ArgumentError("arange() needs a step other than 0.")
    default = config.floatx() if any(isinstance(part, float) for part in given) else dtypes.int32
    call["dtype"] = dtypes.as_dtype(call["dtype"] or default)


@composite(
    canonical=_range,
    cases=[
        _made(start=5),
        _made("step", start=2, stop=11, step=3),
        _made("down", start=4, stop=-1, step=-2),
        _made("floats", c=2, start=0.0, stop=1.0, step=0.1),
        _made("empty", start=5, stop=5),
        _made("wrong way", start=0, stop=5, step=-1),
        _made("negative", start=-3, stop=0),
        _made("past the end", start=0, stop=10, step=4),
        *(_made(dtype, start=3, dtype=dtype) for dtype in ALL_DTYPES if dtype != "bool"),
    ],
)
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Numbers at equal distances: start + i * step, up to but not including `stop`.

    Arguments:
        start: The first number; when only one number is given it is `stop`, and `start` is 0.
        stop: The end, left out.
        step: The distance, 1 by default; it may be negative.
        dtype: int32 when all are integers (or symbolic sizes), else `floatx()`, unless given.

    Returns:
        Array with one axis.

    Raises:
        ArgumentError: if a number is not known while tracing, or the step is 0.

    Source: array API standard 2024.12, arange.

    Example:
        >>> ops.arange(2, 8, 2).tolist()
        [2, 4, 6]
    """
    if not any(isinstance(part, Dim) for part in (start, stop, step)):
        return _constant(np.arange(start, stop, step, dtype=np.float64 if dtype.is_float else dtype.numpy), dtype)
    count = stop - start if step == 1 else (stop - start + step + (-1 if step > 0 else 1)) // step
    steps = OPS["cast"](iota(count), dtype)
    steps = steps if step == 1 else steps * step
    return steps if start == 0 else steps + OPS["cast"](number(start), dtype)


def _constant(array: np.ndarray, dtype: dtypes.DType) -> Any:
    """An array known while tracing, not weak even in float64."""
    array = array.astype(dtype.numpy)
    return broadcast_to(array, array.shape)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """x as an array: abstract while tracing, else of the framework that owns it or of the selected backend.

    Arguments:
        x: Array, number or nested list of numbers.
        dtype: To convert to; lists of Python numbers become int32 and float32 unless given.
        sparse, ragged: Accepted for compatibility; must not be true.

    Returns:
        The array; x itself when it is one already.

    Raises:
        DtypeError: for strings, objects and ragged lists, or when a sparse or ragged array is asked for.

    Example:
        >>> ops.convert_to_tensor([1.0, 2.0]).tolist()
        [1.0, 2.0]
    """
    if sparse or ragged:
        raise DtypeError("Sparse and ragged arrays are not supported; pass a dense array and a mask.")
    if dtype is not None:
        return OPS["cast"](x, dtype)
    if current_builder() is not None:
        lifted = current_builder().lift(x)  # type: ignore[union-attr]
        return broadcast_to(lifted, ()) if isinstance(lifted, Literal) else lifted
    if isinstance(x, Value) or (not isinstance(x, np.ndarray | np.generic) and registry.owner(x) is not None):
        return x
    if hasattr(x, "__multiback_variable__"):
        return OPS["reshape"](x, x.shape)
    return select.selected().from_numpy(as_host_array(x))


array = asarray = convert_to_tensor


def convert_to_numpy(x: Any) -> np.ndarray:
    """The numbers of an array of whatever framework, as a NumPy array.

    Raises:
        TraceError: for an abstract value, which has no numbers yet.

    Example:
        >>> ops.convert_to_numpy(ops.arange(3))
        array([0, 1, 2], dtype=int32)
    """
    return np.asarray(x) if isinstance(x, Value) else as_host_array(x)


def shape(x: Any) -> tuple[Size, ...]:
    """The sizes of an array, symbolic ones while tracing.

    Example:
        >>> ops.shape([[1, 2, 3]])
        (1, 3)
    """
    return tuple(x.shape) if isinstance(x, Value) else tuple(np.shape(x))


def ndim(x: Any) -> int:
    """The number of axes.

    Example:
        >>> ops.ndim([[1, 2, 3]])
        2
    """
    return len(shape(x))


def size(x: Any) -> Size:
    """The number of elements, symbolic when a size is.

    Example:
        >>> ops.size([[1, 2, 3]])
        3
    """
    total: Size = 1
    for n in shape(x):
        total = total * n
    return total

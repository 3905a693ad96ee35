"""Arrays made from nothing but sizes and numbers. Sizes may be symbolic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import config, dtypes
from multiback.backends import registry, select
from multiback.errors import ArgumentError, DtypeError
from multiback.graph.dims import Dim, Size
from multiback.graph.ir import Literal, Spec, Value
from multiback.graph.trace import as_host_array, current_builder
from multiback.ops._cases import EXACT, Bound, Case, Sample
from multiback.ops._define import OPS, Array, composite, primitive
from multiback.ops._rules import axis_index, chained, promoting
from multiback.ops.shaping import broadcast_to, expand_dims, moveaxis, reshape
from multiback.ops.sizes import dimension

_X = Sample(("batch", 3))


def _made(label: str = "", *, c: float = 0.0, **attributes: Any) -> Case:
    return Case((), attributes, label, ("float32",), Bound(c), False)


@primitive(cases=[_made(size=5), _made("none", size=0)])
def iota(size: Any) -> Spec:
    """The integers 0, 1, ..., size - 1 in int32."""
    return Spec((size,), dtypes.int32)


@iota.meaning
def _(size: Any) -> Any:
    return np.arange(size, dtype=np.int32)


def number(size: Size) -> Any:
    """A size as an operand: the integer itself, or the scalar that stands for a symbolic one."""
    return dimension(size, dtypes.int32) if isinstance(size, Dim) else size


def _typed(call: dict[str, Any]) -> None:
    call["dtype"] = dtypes.as_dtype(call["dtype"] or config.floatx())


def _shaped(call: dict[str, Any]) -> None:
    shape = call["shape"]
    call["shape"] = shape if isinstance(shape, tuple) else (shape,)


_NEW = chained(_shaped, _typed)
_SHAPES = [_made(shape=(2, 3)), _made("scalar", shape=()), _made("integers", shape=4, dtype="int32")]


@composite(canonical=_NEW, cases=_SHAPES)
def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros of a shape; the dtype is `floatx()` unless given."""
    return broadcast_to(OPS["cast"](0, dtype), shape)


@composite(canonical=_NEW, cases=_SHAPES)
def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones of a shape; the dtype is `floatx()` unless given."""
    return broadcast_to(OPS["cast"](1, dtype), shape)


@composite(
    name="full",
    canonical=_NEW,
    cases=[
        Case((Sample(()),), {"shape": (2, 3)}, "", ("float32", "int32"), EXACT, False),
        Case((Sample((3,)),), {"shape": (2, 3), "dtype": "float32"}, "row", bound=EXACT, differentiable=False),
    ],
)
def _full(fill_value: Array, shape: Any, dtype: Any = None) -> Any:
    """An array of a shape filled with a value or an array that broadcasts to it."""
    return broadcast_to(OPS["cast"](fill_value, dtype), shape)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of a shape filled with a value or an array that broadcasts to it.

    Arguments:
        shape: Sizes; they may be symbolic.
        fill_value: Number or array.
        dtype: `floatx()` unless given.

    Returns:
        Array of `shape` and `dtype`.

    Example:
        >>> ops.full((2, 3), 0.5)
    """
    dtype = dtypes.as_dtype(dtype or config.floatx())
    return _full(_in_dtype(fill_value, dtype), shape, dtype)


def _in_dtype(value: Any, dtype: dtypes.DType) -> Any:
    """A Python number as an array of a dtype, rounded once; anything else as it is."""
    return np.asarray(value, dtype.numpy) if isinstance(value, bool | int | float) else value


def _typed_like(call: dict[str, Any]) -> None:
    call["dtype"] = dtypes.as_dtype(call["dtype"] or call["x"].dtype)


_LIKE = [
    Case((_X,), {}, "", ("float32", "int32"), EXACT, False),
    Case((_X,), {"dtype": "int32"}, "dtype", bound=EXACT, differentiable=False),
]


@composite(canonical=_typed_like, cases=_LIKE)
def zeros_like(x: Array, dtype: Any = None) -> Any:
    """Zeros with the shape of x, and its dtype unless given."""
    return zeros(x.shape, dtype)


@composite(canonical=_typed_like, cases=_LIKE)
def ones_like(x: Array, dtype: Any = None) -> Any:
    """Ones with the shape of x, and its dtype unless given."""
    return ones(x.shape, dtype)


@composite(name="full_like", canonical=_typed_like, cases=[Case((_X, Sample(())), {}, "", ("float32", "int32"), EXACT)])
def _full_like(x: Array, fill_value: Array, dtype: Any = None) -> Any:
    """An array with the shape of x filled with a value or an array that broadcasts to it."""
    return broadcast_to(OPS["cast"](fill_value, dtype), x.shape)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array with the shape of x filled with a value or an array that broadcasts to it.

    Arguments:
        x: Array.
        fill_value: Number or array.
        dtype: That of x unless given.

    Returns:
        Array of the shape of x.

    Example:
        >>> ops.full_like(mask, -1e9, "float32")
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
        _made("dtype", start=3, dtype="float32"),
        _made("wide", start=3, dtype="int64"),
    ],
)
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Numbers from `start` (0 if only one is given) up to, but not including, `stop`: start + i * step.

    Arguments:
        start, stop, step: Numbers; integers may be symbolic sizes.
        dtype: int32 for integers, `floatx()` when any is a float, unless given.

    Example:
        >>> ops.arange(2, 8, 2)    # 2 4 6
    """
    if not any(isinstance(part, Dim) for part in (start, stop, step)):
        return _constant(np.arange(start, stop, step, np.float64 if dtype.is_float else dtype.numpy), dtype)
    count = stop - start if step == 1 else (stop - start + step + (-1 if step > 0 else 1)) // step
    steps = OPS["cast"](iota(count), dtype)
    steps = steps if step == 1 else steps * step
    return steps if start == 0 else steps + OPS["cast"](number(start), dtype)


def _constant(array: np.ndarray, dtype: dtypes.DType) -> Any:
    """An array known while tracing, not weak even in float64."""
    array = array.astype(dtype.numpy)
    return broadcast_to(array, array.shape)


def _endpoints(call: dict[str, Any]) -> None:
    promoting("start", "stop", to_float=True)(call)
    if call["num"] < 0:
        raise ArgumentError(f"linspace() needs num >= 0, got {call['num']}.")
    call["dtype"] = dtypes.as_dtype(call["dtype"] or call["start"].dtype)
    call["axis"] = axis_index(call["axis"], max(call["start"].ndim, call["stop"].ndim) + 1)


def _span(start: Any, stop: Any, num: int = 50, axis: int = 0, **_: Any) -> Any:
    shape = np.broadcast_shapes(np.shape(start), np.shape(stop))
    size = np.expand_dims(np.broadcast_to(np.abs(start) + np.abs(stop), shape), axis)
    return np.repeat(size, num, axis)


_LINE = Bound(4, _span)


@composite(
    name="linspace",
    canonical=_endpoints,
    cases=[
        Case((Sample(()), Sample(())), {"num": 7}, "", bound=_LINE),
        Case((Sample(("batch",)), Sample(("batch",))), {"num": 5, "axis": -1}, "axis", bound=_LINE),
        Case((Sample(()), Sample((3,))), {"num": 4, "endpoint": False}, "open", bound=_LINE),
        Case((Sample(()), Sample(())), {"num": 1}, "one", bound=_LINE),
    ],
)
def _linspace(start: Array, stop: Array, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """`num` evenly spaced numbers: start + i * (stop - start) / (num - 1), or / num when the endpoint is left out.

    With the endpoint the last number is `stop` itself.
    """
    steps = num - 1 if endpoint else num
    fractions = OPS["cast"](np.arange(num) / max(steps, 1), start.dtype)
    fractions = reshape(fractions, (num, *[1] * max(start.ndim, stop.ndim)))
    low, high = expand_dims(start, 0), expand_dims(stop, 0)
    line = low * (1 - fractions) + high * fractions
    return OPS["cast"](moveaxis(line, 0, axis), dtype)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` evenly spaced numbers from `start` to `stop`: start + i * (stop - start) / (num - 1).

    Arguments:
        start, stop: Numbers or arrays that broadcast.
        num: How many.
        endpoint: Whether `stop` is the last of them; if not, the divisor is `num`.
        retstep: Whether to return the distance between them too.
        dtype: That of the endpoints unless given; at least a float.
        axis: Where the new axis goes.

    Returns:
        The array, or `(array, step)` with `retstep`.

    Example:
        >>> ops.linspace(0.0, 1.0, 5)
    """
    line = _linspace(start, stop, num, endpoint, dtype, axis)
    if not retstep:
        return line
    steps = num - 1 if endpoint else num
    return line, OPS["divide"](OPS["subtract"](stop, start), steps if steps > 0 else math.nan)


def _matrix(call: dict[str, Any]) -> None:
    call["M"] = call["N"] if call["M"] is None else call["M"]
    _typed(call)


_MATRICES = [
    _made(N=3),
    _made("wide", N=2, M=4, k=1),
    _made("tall", N=4, M=2, k=-1, dtype="int32"),
]


@composite(canonical=_matrix, cases=_MATRICES)
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """The N x M matrix with ones on the k-th diagonal: y[i, j] = 1 if j - i == k."""
    return OPS["cast"](OPS["equal"](expand_dims(arange(N), 1) + k, arange(M)), dtype)


@composite(canonical=_matrix, cases=_MATRICES)
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """The N x M matrix with ones at and below the k-th diagonal: y[i, j] = 1 if j - i <= k."""
    return OPS["cast"](OPS["greater_equal"](expand_dims(arange(N), 1) + k, arange(M)), dtype)


def identity(n: int, dtype: Any = None) -> Any:
    """The n x n identity matrix."""
    return eye(n, dtype=dtype)


def _indexing_order(call: dict[str, Any]) -> None:
    if call["indexing"] not in ("xy", "ij"):
        raise ArgumentError(f"indexing must be 'xy' or 'ij', got {call['indexing']!r}.")
    if any(x.ndim > 1 for x in call["xs"]):
        raise ArgumentError("meshgrid() takes arrays with one axis.")


_AXES = (Sample(("batch",)), Sample((3,)), Sample((2,)))


@composite(
    name="meshgrid",
    canonical=_indexing_order,
    cases=[
        Case((_AXES,), {"indexing": "xy"}, "xy", ("float32", "int32"), EXACT),
        Case((_AXES,), {"indexing": "ij"}, "ij", ("float32", "int32"), EXACT),
        Case((_AXES[:1],), {"indexing": "xy"}, "one", bound=EXACT),
    ],
)
def _meshgrid(xs: Sequence[Array], indexing: str) -> Any:
    """Coordinate arrays of the grid that these axes span."""
    count = len(xs)  # type: ignore[arg-type]
    order = [1, 0, *range(2, count)] if indexing == "xy" and count > 1 else list(range(count))
    columns = [
        reshape(x, tuple(-1 if axis == order[i] else 1 for axis in range(count)))
        for i, x in enumerate(xs)  # type: ignore[arg-type, var-annotated]
    ]
    shape = tuple(columns[order.index(axis)].shape[axis] for axis in range(count))
    return tuple(broadcast_to(column, shape) for column in columns)


def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Coordinate arrays of the grid that some axes span.

    Arguments:
        x: Arrays with one axis.
        indexing: "ij": the i-th array varies along axis i; "xy": the first two are exchanged.

    Returns:
        A tuple with one array per axis, each of the shape of the grid.

    Example:
        >>> columns, rows = ops.meshgrid(ops.arange(4), ops.arange(3))
    """
    return _meshgrid(list(x), indexing)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """x as an array: abstract while tracing, else one of the framework that owns it or of the selected backend.

    Arguments:
        x: Array, number or nested list of numbers.
        dtype: To convert to; lists of Python numbers become int32 and float32 unless given.
        sparse, ragged: Accepted for compatibility; must not be true.

    Raises:
        DtypeError: for strings, objects and ragged lists, or when a sparse or ragged array is asked for.

    Example:
        >>> ops.convert_to_tensor([1.0, 2.0])
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


array = convert_to_tensor


def convert_to_numpy(x: Any) -> np.ndarray:
    """The numbers of an array, of whatever framework.

    Raises:
        TraceError: for an abstract value, which has no numbers yet.
    """
    return np.asarray(x) if isinstance(x, Value) else as_host_array(x)


def shape(x: Any) -> tuple[Size, ...]:
    """The sizes of an array; symbolic ones while tracing."""
    return tuple(x.shape) if isinstance(x, Value) else tuple(np.shape(x))


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(shape(x))


def size(x: Any) -> Size:
    """The number of elements."""
    total: Size = 1
    for n in shape(x):
        total = total * n
    return total

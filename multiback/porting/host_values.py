"""Values that an importer knows while it builds a graph: shapes, axes, and what is computed from them.

In an interpreter of a foreign program every value is either in the graph or on the host. A host value is a NumPy array:
of numbers, or, when it holds a size not known yet, of objects that are integers and `Dim`s. The rule for a node:

    if all inputs are host values, fold the node; where it cannot be folded, `lift` them and record ops.

So the chain Shape -> Gather -> Mul -> Concat -> Reshape leaves one `reshape` to symbolic sizes in the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from multiback import dtypes
from multiback.errors import ArgumentError, ShapeError
from multiback.graph.dims import Dim, Size, maximum

HostValue: TypeAlias = np.ndarray

LARGEST = 1 << 20
"""Elements of the largest array that is folded; beyond it the graph computes."""


def is_host(x: Any) -> bool:
    """Whether a value is known while the graph is built."""
    return isinstance(x, np.ndarray | np.generic | Dim | bool | int | float | complex)


def all_host(values: Iterable[Any]) -> bool:
    """Whether all values are host values; None (an operand left out) counts as one."""
    return all(x is None or is_host(x) for x in values)


def is_symbolic(x: Any) -> bool:
    """Whether a host value holds a size that is not known yet."""
    return isinstance(x, Dim) or (isinstance(x, np.ndarray) and x.dtype == object)


def host(x: Any, dtype: Any = None) -> HostValue:
    """Numbers, sizes, and nested lists of them as a host value.

    Arguments:
        x: An array, a number, a Dim, or a list or tuple of these.
        dtype: Of the array if it holds no symbolic size; int64 for plain integers unless given.

    Example:
        >>> host((Dim.named("batch"), 3))
        array([batch, 3], dtype=object)
    """
    if isinstance(x, np.ndarray | np.generic):
        return settled(np.asarray(x), dtype)
    if isinstance(x, list | tuple):
        parts = [host(item, dtype) for item in x]
        if not parts:
            return np.zeros((0,), dtype or np.int64)
        return settled(_stacked(parts), dtype)
    array = np.empty((), object)
    array[()] = x
    return settled(array, dtype)


def _stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    if not any(p.dtype == object for p in parts):
        return np.stack(parts)
    array = np.empty((len(parts), *parts[0].shape), object)
    for i, part in enumerate(parts):
        array[i] = part if part.ndim else part.item()
    return array


def settled(array: Any, dtype: Any = None) -> HostValue:
    """An array of objects as one of numbers when no symbolic size is left in it; `dtype` for integers, else int64."""
    array = array if isinstance(array, np.ndarray) else _as_array(array)
    if array.dtype != object:
        return array if dtype is None else array.astype(dtype, copy=False)
    if any(isinstance(item, Dim) for item in array.flat):
        return array
    if dtype is None:
        kinds = {np.asarray(item).dtype.kind for item in array.flat}
        dtype = np.int64 if kinds <= {"i", "u"} else np.result_type(*(np.asarray(item) for item in array.flat))
    return array.astype(dtype)


def _as_array(x: Any) -> np.ndarray:
    if not isinstance(x, Dim):
        return np.asarray(x)
    array = np.empty((), object)
    array[()] = x
    return array


def sizes(shape: Sequence[Size], dtype: Any = np.int64) -> HostValue:
    """A shape as a host value with one axis."""
    return host(tuple(shape), dtype)


def as_size(x: Any, what: str = "a size") -> Size:
    """A host value of one element as an integer or a Dim.

    Raises:
        ArgumentError: if it is not known while the graph is built, or not a whole number.
    """
    found = as_sizes(np.reshape(host(x), (-1,)) if is_host(x) else x, what)
    if len(found) != 1:
        raise ArgumentError(f"{what} must be one integer, got {len(found)}.")
    return found[0]


def as_sizes(x: Any, what: str = "a shape") -> tuple[Size, ...]:
    """A host value with one axis as integers and Dims, such as `ops.reshape` takes.

    Raises:
        ArgumentError: if it is not known while the graph is built, or does not hold whole numbers.
    """
    if not is_host(x):
        raise ArgumentError(f"{what} must be known while the graph is built, got {x!r}, which depends on data.")
    array = host(x)
    if array.ndim > 1 or array.dtype.kind not in "iuOb":
        raise ArgumentError(f"{what} must be integers along one axis, got {array.dtype} of shape {array.shape}.")
    return tuple(item if isinstance(item, Dim) else int(item) for item in array.reshape(-1).tolist())


def lift(x: Any, dtype: Any = None) -> Any:
    """A host value as an operand of ops: numbers as they are, sizes by `ops.dimension`.

    Arguments:
        x: A host value; anything else is returned as it is.
        dtype: Of the result; sizes become int64 unless given.
    """
    if not is_host(x):
        return x
    array = host(x) if not isinstance(x, np.ndarray) else x
    if array.dtype != object:
        return array if dtype is None else array.astype(dtypes.as_dtype(dtype).numpy, copy=False)
    from multiback import ops

    kind = dtypes.as_dtype(dtype or dtypes.int64)
    whole = kind if kind.is_integer else dtypes.int64
    flat = [
        ops.dimension(item, whole) if isinstance(item, Dim) else np.asarray(item, whole.numpy) for item in array.flat
    ]
    if not array.ndim:
        result = flat[0]
    else:
        result = ops.reshape(ops.stack(flat), array.shape) if array.ndim != 1 else ops.stack(flat)
    return result if kind == whole else ops.cast(result, kind)


class _CannotFold(Exception):
    """The value depends on sizes in a way that is not a size."""


def fold(name: str, *values: Any, dtype: Any = None, **attributes: Any) -> HostValue | None:
    """What the op `name` gives on host values, or None where it is not a host value.

    Arguments:
        name: A key of `FOLDS`.
        values: Host values.
        dtype: Of integers in the result; by default that of the first array of integers, else int64.
        attributes: Of the op, by name.

    Example:
        >>> fold("multiply", host(Dim.named("batch")), host(2)).tolist()
        2*batch
    """
    function = FOLDS.get(name)
    if function is None:
        return None
    arrays = [None if x is None else host(x) for x in values]
    symbolic = any(a is not None and a.dtype == object for a in arrays)
    if symbolic and any(a is not None and a.dtype.kind in "fc" for a in arrays):
        return None
    try:
        with np.errstate(all="ignore"):
            result = function(*arrays, **attributes)
    except (_CannotFold, ShapeError):
        return None
    if dtype is None and symbolic:
        dtype = next((a.dtype for a in arrays if a is not None and a.dtype.kind in "iu"), None)
    array = result if isinstance(result, np.ndarray) else _as_array(result)
    keeps = array.dtype.kind not in "iuO"
    if array.size > LARGEST:
        return None
    return settled(array, None if keeps else dtype)


_larger = np.frompyfunc(lambda a, b: maximum(a, b), 2, 1)


def _maximum(a: HostValue, b: HostValue) -> Any:
    return _larger(a, b) if object in (a.dtype, b.dtype) else np.maximum(a, b)


_smaller = np.frompyfunc(lambda a, b: -maximum(-a, -b), 2, 1)


def _minimum(a: HostValue, b: HostValue) -> Any:
    return _smaller(a, b) if object in (a.dtype, b.dtype) else np.minimum(a, b)


def _divide(a: HostValue, b: HostValue) -> Any:
    """Division that truncates integers, as C does; sizes are not negative, so there it is `//`."""
    if object in (a.dtype, b.dtype):
        return np.floor_divide(a, b)
    if a.dtype.kind in "iu" and b.dtype.kind in "iu":
        if not np.all(b):
            raise _CannotFold
        quotient = np.abs(a) // np.abs(b)
        return (np.sign(a) * np.sign(b) * quotient).astype(np.result_type(a, b))
    return np.true_divide(a, b)


def _truth(array: HostValue) -> np.ndarray:
    """Whether elements are not zero; a symbolic size never is."""
    return np.vectorize(bool, otypes=[bool])(array) if array.dtype == object else array.astype(bool)


def _compare(function: Callable[..., Any]) -> Callable[..., Any]:
    def compare(a: HostValue, b: HostValue) -> Any:
        # np.asarray on the Python bools that comparisons of objects give.
        return np.asarray(function(a, b)).astype(bool)

    return compare


def _equal(a: HostValue, b: HostValue) -> Any:
    if object not in (a.dtype, b.dtype):
        return np.equal(a, b)
    return np.asarray(np.frompyfunc(_same_size, 2, 1)(a, b)).astype(bool)


def _same_size(a: Size, b: Size) -> bool:
    """Whether two sizes are equal for every batch; refuses when that depends on the batch."""
    if a == b:
        return True
    difference = a - b
    if isinstance(difference, int):
        return False
    try:
        if difference > 0 or difference < 0:
            return False
    except ShapeError:
        raise _CannotFold from None
    return False


def _cast(x: HostValue, to: Any) -> Any:
    target = dtypes.as_dtype(to)
    if x.dtype != object:
        return x.astype(target.numpy)
    if target == "bool":
        return _truth(x)
    if not target.is_integer:
        raise _CannotFold
    return x


def _reduce(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(x: HostValue, axis: Any = None, keepdims: bool = False) -> Any:
        axes = tuple(axis) if isinstance(axis, list | tuple | np.ndarray) else axis
        result = function(x, axis=axes, keepdims=keepdims)
        whole = isinstance(result, np.ndarray | np.generic) and x.dtype.kind in "iu"
        return result.astype(x.dtype) if whole else result

    return reduce


def _where(condition: HostValue, a: HostValue, b: HostValue) -> Any:
    return np.where(_truth(condition), a, b)


def _gather(x: HostValue, indices: HostValue, axis: int = 0) -> Any:
    if indices.dtype == object:
        raise _CannotFold
    return np.take(x, indices, axis)


def _slice(x: HostValue, starts: Any, ends: Any, axes: Any = None, steps: Any = None) -> Any:
    if any(part is not None and is_symbolic(host(part)) for part in (starts, ends, axes, steps)):
        raise _CannotFold
    starts, ends = np.reshape(starts, -1).tolist(), np.reshape(ends, -1).tolist()
    axes = range(len(starts)) if axes is None else np.reshape(axes, -1).tolist()
    steps = [1] * len(starts) if steps is None else np.reshape(steps, -1).tolist()
    index: list[Any] = [slice(None)] * x.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        length = x.shape[axis]
        stop: int | None = int(end)
        if step < 0 and end < -length:
            stop = None
        index[axis] = slice(int(start), stop, int(step))
    return x[tuple(index)]


def _concat(*parts: HostValue, axis: int = 0) -> Any:
    return np.concatenate(parts, axis)


def _reshape(x: HostValue, shape: Any) -> Any:
    return np.reshape(x, as_known(shape))


def _expand(x: HostValue, shape: Any) -> Any:
    known = as_known(shape)
    if int(np.prod(known, dtype=object)) > LARGEST:
        raise _CannotFold
    return np.broadcast_to(x, known)


def as_known(x: Any) -> tuple[int, ...]:
    """A host value as integers; refuses symbolic sizes inside a fold."""
    array = host(x)
    if array.dtype == object:
        raise _CannotFold
    return tuple(int(item) for item in array.reshape(-1).tolist())


def _full(shape: HostValue, value: HostValue) -> Any:
    return _expand(np.reshape(value, ()), shape)


def _range(start: HostValue, limit: HostValue, delta: HostValue) -> Any:
    if any(is_symbolic(x) for x in (start, limit, delta)) or not delta:
        raise _CannotFold
    if abs((limit.item() - start.item()) / delta.item()) > LARGEST:
        raise _CannotFold
    return np.arange(start.item(), limit.item(), delta.item()).astype(start.dtype)


def _tile(x: HostValue, repeats: Any) -> Any:
    known = as_known(repeats)
    if x.size * int(np.prod(known, dtype=object)) > LARGEST:
        raise _CannotFold
    return np.tile(x, known)


def _unary(function: Callable[..., Any]) -> Callable[..., Any]:
    def unary(x: HostValue) -> Any:
        if x.dtype == object:
            raise _CannotFold
        return function(x)

    return unary


FOLDS: dict[str, Callable[..., Any]] = {
    "identity": lambda x: x,
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": _divide,
    "floor_divide": np.floor_divide,
    "remainder": np.mod,
    "negative": np.negative,
    "maximum": _maximum,
    "minimum": _minimum,
    "abs": _unary(np.abs),
    "sqrt": _unary(np.sqrt),
    "floor": _unary(np.floor),
    "ceil": _unary(np.ceil),
    "round": _unary(np.rint),
    "power": lambda a, b: np.power(a, b),
    "equal": _equal,
    "not_equal": lambda a, b: ~np.asarray(_equal(a, b)),
    "less": _compare(np.less),
    "less_equal": _compare(np.less_equal),
    "greater": _compare(np.greater),
    "greater_equal": _compare(np.greater_equal),
    "logical_and": lambda a, b: _truth(a) & _truth(b),
    "logical_or": lambda a, b: _truth(a) | _truth(b),
    "logical_xor": lambda a, b: _truth(a) ^ _truth(b),
    "logical_not": lambda x: ~_truth(x),
    "where": _where,
    "cast": _cast,
    "sum": _reduce(np.sum),
    "prod": _reduce(np.prod),
    "max": _unary(np.max),
    "min": _unary(np.min),
    "gather": _gather,
    "slice": _slice,
    "concat": _concat,
    "stack": lambda *parts, axis=0: np.stack(parts, axis),
    "squeeze": lambda x, axis=None: np.squeeze(x, axis),
    "expand_dims": lambda x, axis: np.expand_dims(x, axis),
    "reshape": _reshape,
    "transpose": lambda x, axes=None: np.transpose(x, axes),
    "broadcast_to": _expand,
    "full": _full,
    "range": _range,
    "tile": _tile,
}
"""Ops that fold, by name; each takes host values as arrays and returns one."""

"""Norms of vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback.errors import ArgumentError
from multiback.ops._cases import ALL_FLOATS, HALVES, Bound, Case, Sample
from multiback.ops._define import OPS, Array, composite
from multiback.ops._precision import widened
from multiback.ops._rules import axis_index, chained, promoting
from multiback.ops.shaping import reshape

_INF, _NAN = float("inf"), float("nan")
_VECTOR = (None, 1, 2, _INF, -_INF, 0)
_MATRIX = (None, "fro", 1, -1, _INF, -_INF)


def _norm_axes(call: dict[str, Any]) -> None:
    x, order, axis = call["x"], call["ord"], call["axis"]
    if axis is None and (order is None or x.ndim not in (1, 2)):
        if order is not None and not (order == 2 and x.ndim > 2):
            raise ArgumentError(f"norm() of an array with {x.ndim} axes needs axis when ord is {order!r}.")
        axes = tuple(range(x.ndim))
    else:
        given = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
        axes = tuple(axis_index(a, x.ndim) for a in given)
    known = _VECTOR if len(axes) == 1 else _MATRIX if len(axes) == 2 else (None,)
    vector_power = len(axes) == 1 and isinstance(order, int | float)
    if order not in known and not vector_power:
        raise ArgumentError(f"norm() over {len(axes)} axes takes ord in {', '.join(map(repr, known))}, got {order!r}.")
    call["axis"] = axes
    if order in (None, "fro") or (order == 2 and len(axes) == 1):
        call["ord"] = None


_X = Sample(("batch", 4, 3))
_SPECIAL = Sample(values=[[_INF, 1.0], [-_INF, 2.0], [_NAN, 1.0], [_NAN, _INF], [0.0, -0.0]])


def _case(label: str, c: float = 4, differentiable: bool = True, **attributes: Any) -> Case:
    return Case((_X,), attributes, label, bound=Bound(c), differentiable=differentiable)


@composite(
    canonical=chained(promoting("x", to_float=True), _norm_axes),
    cases=[
        _case("all"),
        _case("l2", axis=-1),
        _case("l2 kept", ord=2, axis=1, keepdims=True),
        _case("l1", ord=1, axis=-1),
        _case("largest", ord=_INF, axis=1),
        _case("smallest", ord=-_INF, axis=1),
        _case("all, kept", keepdims=True),
        _case("l1 kept", ord=1, axis=0, keepdims=True),
        _case("l0.5", c=32, ord=0.5, axis=-1),
        _case("l-1", c=32, ord=-1, axis=-1),
        Case((_X,), {"axis": -1}, "l2", ALL_FLOATS[1:], Bound(4), False),
        Case((_X,), {"axis": -1, "ord": 3}, "l3", HALVES, Bound(16), False),
        Case((_X,), {"axis": (1, 2), "ord": 1}, "columns", HALVES, Bound(4), False),
        Case((Sample((3, 9), 900, 999),), {"axis": 1}, "whose squares overflow", ("float16",), Bound(4), False),
        Case((Sample((2, 1000)),), {"axis": 1}, "long", ("float32", *HALVES), Bound(4), False),
        Case((Sample(("batch",)),), {"ord": 2}, "vector", bound=Bound(4)),
        Case((Sample((4, 3)),), {"ord": "fro"}, "matrix", bound=Bound(4)),
        Case((Sample(()),), {}, "scalar", bound=Bound(4)),
        _case("count", ord=0, axis=1, differentiable=False),
        _case("l3", c=16, ord=3, axis=-1),
        _case("frobenius", ord="fro", axis=(0, 2)),
        _case("columns", ord=1, axis=(1, 2)),
        _case("rows", ord=_INF, axis=(-2, -1), keepdims=True),
        _case("least column", ord=-1, axis=(2, 1)),
        Case((Sample(values=[0.0, 0.0]),), {}, "divergence-33", bound=Bound(0), smooth=False),
        *(
            Case((_SPECIAL,), {"axis": 1, "ord": order}, f"special, ord={order}", differentiable=False)
            for order in (None, 1, _INF, -_INF, 0)
        ),
        Case((Sample((4, 3), 0, 9),), {}, "integers", ("int32", "uint8"), Bound(4)),
    ],
)
def norm(x: Array, ord: Any = None, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Any:
    """A norm along one axis (of vectors) or two (of matrices); without `axis` and `ord`, the 2-norm of all elements.

    Vectors: (sum |x|^p)^(1/p) for ord p, max |x| for inf, min |x| for -inf, the number of nonzeros for 0; 2 by default.
    Matrices: the root of the sum of squares ("fro", the default), the largest (1) or smallest (-1) sum of a column, the
    largest (inf) or smallest (-inf) sum of a row. The gradient of the 2-norm at 0 is 0.

    Floats of 16 bits are computed in float32.

    Arguments:
        x: Array; integers become floats.
        ord: Which norm.
        axis: One axis, two axes, or None.
        keepdims: Whether the axes stay, with size 1.

    Returns:
        Array of floats without the axes.

    Raises:
        ArgumentError: for a norm that is not defined here (those by singular values are not).

    Source: NumPy's linalg.norm.

    Example:
        >>> ops.norm([3.0, 4.0]).tolist()
        5.0
    """
    return OPS["cast"](_norm(widened(x), ord, axis, keepdims), x.dtype)


def _norm(x: Any, order: Any, axes: Any, keepdims: bool) -> Any:
    size = OPS["abs"](x)
    if order is None:
        return _root(OPS["sum"](x * x, axis=axes, keepdims=keepdims))
    if len(axes) == 2:
        summed, kept = axes if abs(order) == 1 else axes[::-1]
        sums = OPS["sum"](size, axis=summed, keepdims=True)
        found = OPS["max" if order > 0 else "min"](sums, axis=kept, keepdims=True)
        return reshape(found, tuple(n for i, n in enumerate(found.shape) if keepdims or i not in axes))
    if order in (_INF, -_INF):
        return OPS["max" if order > 0 else "min"](size, axis=axes, keepdims=keepdims)
    if order == 0:
        return OPS["sum"](OPS["cast"](OPS["not_equal"](x, 0), x.dtype), axis=axes, keepdims=keepdims)
    if order == 1:
        return OPS["sum"](size, axis=axes, keepdims=keepdims)
    return OPS["power"](OPS["sum"](OPS["power"](size, order), axis=axes, keepdims=keepdims), 1 / order)


def _root(total: Any) -> Any:
    """The square root, with gradient 0 at 0."""
    zero = OPS["equal"](total, 0)
    return OPS["where"](zero, 0, OPS["sqrt"](OPS["where"](zero, 1, total)))

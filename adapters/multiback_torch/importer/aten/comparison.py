"""Comparisons and the logic of bools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import dtypes, ops
from multiback_torch.importer.aten._types import promoted, value


def _compared(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: function(*promoted(self, other))


def _isclose(self: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    return ops.isclose(*promoted(self, other), rtol, atol, equal_nan)


def _allclose(self: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    return ops.all(_isclose(self, other, rtol, atol, equal_nan))


def _isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    a, b = promoted(elements, test_elements)
    found = ops.any(ops.equal(ops.expand_dims(value(a), -1), ops.reshape(value(b), (-1,))), -1)
    return ops.logical_not(found) if invert else found


def _equal(self: Any, other: Any) -> Any:
    return ops.all(ops.equal(*promoted(self, other)))


def _logical(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *operands: function(*(value(x, dtypes.bool_) for x in operands))


HANDLERS = {
    "aten.allclose": _allclose,
    "aten.eq": _compared(ops.equal),
    "aten.equal": _equal,
    "aten.ge": _compared(ops.greater_equal),
    "aten.greater": _compared(ops.greater),
    "aten.greater_equal": _compared(ops.greater_equal),
    "aten.gt": _compared(ops.greater),
    "aten.isclose": _isclose,
    "aten.isin": _isin,
    "aten.le": _compared(ops.less_equal),
    "aten.less": _compared(ops.less),
    "aten.less_equal": _compared(ops.less_equal),
    "aten.logical_and": _logical(ops.logical_and),
    "aten.logical_not": _logical(ops.logical_not),
    "aten.logical_or": _logical(ops.logical_or),
    "aten.logical_xor": _logical(ops.logical_xor),
    "aten.lt": _compared(ops.less),
    "aten.ne": _compared(ops.not_equal),
    "aten.not_equal": _compared(ops.not_equal),
}

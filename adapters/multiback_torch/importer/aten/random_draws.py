"""Random numbers: of torch's distributions and shapes, drawn from the model's own key."""

from __future__ import annotations

from typing import Any

from multiback import dtypes, ops
from multiback.dtypes import DType
from multiback_torch.importer.aten._types import cast, value


def _narrow(dtype: DType) -> DType:
    return dtype if dtype in (dtypes.float32, dtypes.float64) else dtypes.float32


def _uniform_of(context: Any, low: float = 0.0, high: float = 1.0) -> Any:
    return cast(ops.uniform(context.key(), context.shape, low, high, _narrow(context.dtype)), context.dtype)


def _rand(*_: Any, context: Any, **__: Any) -> Any:
    return _uniform_of(context)


def _randn(*_: Any, context: Any, **__: Any) -> Any:
    return cast(ops.normal(context.key(), context.shape, dtype=_narrow(context.dtype)), context.dtype)


def _integers(context: Any, low: Any, high: Any) -> Any:
    drawn = ops.uniform(context.key(), context.shape, dtype=dtypes.float64)
    whole = ops.floor(ops.multiply(drawn, float(high - low)))
    return cast(ops.add(cast(whole, dtypes.int64), low), context.dtype)


def _randint(high: Any, size: Any, *, context: Any, **_: Any) -> Any:
    return _integers(context, 0, high)


def _randint_low(low: Any, high: Any, size: Any, *, context: Any, **_: Any) -> Any:
    return _integers(context, low, high)


def _randint_like(self: Any, high: Any, *, context: Any, **_: Any) -> Any:
    return _integers(context, 0, high)


def _randint_like_low(self: Any, low: Any, high: Any, *, context: Any, **_: Any) -> Any:
    return _integers(context, low, high)


def _permutation(n: Any, *, context: Any, **_: Any) -> Any:
    return cast(ops.argsort(ops.uniform(context.key(), (n,), dtype=dtypes.float64)), context.dtype)


def _bernoulli(self: Any, p: Any = None, *, context: Any, **_: Any) -> Any:
    chance = value(self) if p is None else p
    if isinstance(chance, int | float):
        return cast(ops.bernoulli(context.key(), context.shape, float(chance)), context.dtype)
    drawn = ops.uniform(context.key(), context.shape, dtype=_narrow(dtypes.as_dtype(chance.dtype)))
    return cast(ops.less(drawn, chance), context.dtype)


def _normal(mean: Any, std: Any = 1.0, *_: Any, context: Any, **__: Any) -> Any:
    drawn = ops.normal(context.key(), context.shape, dtype=_narrow(context.dtype))
    return cast(ops.add(mean, ops.multiply(std, drawn)), context.dtype)


def _normal_like(self: Any, mean: float = 0.0, std: float = 1.0, *, context: Any, **_: Any) -> Any:
    return _normal(mean, std, context=context)


def _uniform(self: Any, from_: float = 0.0, to: float = 1.0, *, context: Any, **_: Any) -> Any:
    return _uniform_of(context, from_, to)


def _exponential(self: Any, lambd: float = 1.0, *, context: Any, **_: Any) -> Any:
    drawn = ops.uniform(context.key(), context.shape, dtype=_narrow(context.dtype))
    return cast(ops.divide(ops.negative(ops.log(ops.subtract(1.0, drawn))), lambd), context.dtype)


HANDLERS = {
    "aten.bernoulli": _bernoulli,
    "aten.exponential": _exponential,
    "aten.normal": _normal,
    "aten.normal_": _normal_like,
    "aten.normal_functional": _normal_like,
    "aten.rand": _rand,
    "aten.rand_like": _rand,
    "aten.randint": _randint,
    "aten.randint.low": _randint_low,
    "aten.randint_like": _randint_like,
    "aten.randint_like.low_dtype": _randint_like_low,
    "aten.randn": _randn,
    "aten.randn_like": _randn,
    "aten.randperm": _permutation,
    "aten.uniform": _uniform,
}

"""Conversions, copies, and what only says how torch keeps a tensor."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback_torch.importer.aten._types import cast, value


def _same(self: Any, *_: Any, **__: Any) -> Any:
    return value(self)


def _converted(self: Any, *_: Any, context: Any, **__: Any) -> Any:
    return cast(self, context.dtype)


def _copy(self: Any, src: Any, non_blocking: bool = False) -> Any:
    x = cast(value(src), value(self).dtype)
    return x if x.shape == self.shape else ops.broadcast_to(x, self.shape)


def _fill(self: Any, value_: Any) -> Any:
    return ops.full_like(self, cast(value_, value(self).dtype))


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _detach(self: Any) -> Any:
    return ops.stop_gradient(self)


_SAME = (
    "alias", "alias_copy", "clone", "contiguous", "cpu", "cuda", "expand_dims_copy", "lift", "lift_fresh",
    "lift_fresh_copy", "pin_memory", "lift_copy",
)  # fmt: skip
_CONVERTED = (
    "_cast_Double", "_cast_Float", "_cast_Half", "_cast_Int", "_cast_Long", "_to_copy", "bfloat16", "bool", "double",
    "float", "half", "int", "long", "to", "type_as", "_autocast_to_full_precision", "_autocast_to_reduced_precision",
)  # fmt: skip
_NOTHING = ("_assert_async", "_assert_scalar", "_assert_tensor_metadata", "_functional_assert_async")

HANDLERS = {
    **{f"aten.{name}": _same for name in _SAME},
    **{f"aten.{name}": _converted for name in _CONVERTED},
    **{f"aten.{name}": _nothing for name in _NOTHING},
    "aten.copy": _copy,
    "aten.copy_": _copy,
    "aten.detach": _detach,
    "aten.detach_copy": _detach,
    "aten.fill": _fill,
    "aten.sym_constrain_range": _nothing,
    "aten.sym_constrain_range_for_size": _nothing,
}

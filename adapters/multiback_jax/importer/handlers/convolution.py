"""`conv_general_dilated` with any dimension numbers."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import PortError
from multiback_jax.importer.handlers.products import contracted
from multiback_jax.importer.node import Handler, Node, as_value, cast, dtype_of, transpose


def _convolution(node: Node, x: Any, kernel: Any) -> Any:
    numbers = node["dimension_numbers"]
    given, taken, wanted = numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec
    rank = len(given) - 2
    if rank > 3:
        raise PortError(f"A convolution over {rank} spatial axes cannot be ported, only over 3 at most.")
    dtype = node.dtype if node.dtype.bits > dtype_of(x).bits else dtype_of(x)
    x, kernel = cast(as_value(x), dtype), cast(as_value(kernel), dtype)
    if rank == 0:
        y = transpose(contracted(x, kernel, (given[1],), (taken[1],)), _order((0, 1), wanted))
        return cast(y, node.dtype)
    groups, batch_groups = node["feature_group_count"], node["batch_group_count"]
    first = tuple(given) == tuple(range(rank + 2)) and batch_groups == 1
    if not first:
        x = transpose(x, (given[0], *given[2:], given[1]))
    kernel = transpose(kernel, (*taken[2:], taken[1], taken[0]))
    if batch_groups > 1:
        x, groups = _groups_as_channels(x, batch_groups), batch_groups
    y = ops.conv(
        x,
        kernel,
        strides=node["window_strides"],
        padding=tuple(map(tuple, node["padding"])),
        data_format="channels_first" if first else "channels_last",
        dilation_rate=node["rhs_dilation"],
        groups=groups,
        input_dilation=node["lhs_dilation"],
    )
    here = (0, 1, *range(2, rank + 2)) if first else (0, rank + 1, *range(1, rank + 1))
    return cast(transpose(y, _order(here, wanted)), node.dtype)


def _order(here: Any, wanted: Any) -> tuple[int, ...]:
    """The permutation that brings axes from where they are to where they belong; each lists batch, channels, space."""
    order = [0] * len(wanted)
    for place, axis in zip(wanted, here):
        order[place] = axis
    return tuple(order)


def _groups_as_channels(x: Any, groups: int) -> Any:
    """(groups * batch, space..., channels) to (batch, space..., groups * channels): batch groups as feature groups."""
    batch, *space, channels = x.shape
    n = len(space)
    split = ops.reshape(x, (groups, batch // groups, *space, channels))
    moved = ops.transpose(split, (1, *range(2, n + 2), 0, n + 2))
    return ops.reshape(moved, (batch // groups, *space, groups * channels))


HANDLERS: dict[str, Handler] = {"conv_general_dilated": _convolution}

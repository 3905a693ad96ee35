"""The scatter family with any dimension numbers."""

from __future__ import annotations

from typing import Any

from multiback import dtypes, ops
from multiback.errors import PortError
from multiback.graph.dims import Size, product
from multiback_jax.importer.handlers.gathering import _as_number, _column, _surely_inside, clamped, line
from multiback_jax.importer.node import Handler, Node, as_value, cast, dtype_of, transpose


def _scattering(reduction: str | None) -> Handler:
    def handler(node: Node, x: Any, indices: Any, updates: Any) -> Any:
        updates = ops.negative(updates) if node.name == "scatter-sub" else updates
        if dtype_of(x).kind == "b" and reduction is not None:
            # Bools add up to their disjunction and multiply to their conjunction.
            kind = {"add": "max", "mul": "min"}.get(reduction, reduction)
            x, updates = (cast(as_value(a), dtypes.int32) for a in (x, updates))
            return cast(_scattered(node, x, updates, as_value(indices), kind), dtypes.bool_)
        return _scattered(node, as_value(x), as_value(updates), as_value(indices), reduction)

    return handler


def _scattered(node: Node, x: Any, updates: Any, indices: Any, reduction: str | None) -> Any:
    numbers, mode = node["dimension_numbers"], str(node["mode"])
    paired = dict(zip(numbers.operand_batching_dims, numbers.scatter_indices_batching_dims))
    inserted = set(numbers.inserted_window_dims)
    batch = indices.shape[:-1]
    behind = [a for a in range(updates.ndim) if a not in numbers.update_window_dims]
    window_axes = [a for a in range(x.ndim) if a not in inserted and a not in paired]
    sizes: dict[int, Size] = {
        axis: updates.shape[place] for axis, place in zip(window_axes, numbers.update_window_dims)
    }
    starts = {axis: _column(indices, i) for i, axis in enumerate(numbers.scatter_dims_to_operand_dims)}
    inside = None
    for axis, start in starts.items():
        room = x.shape[axis] - sizes.get(axis, 1)
        if not _surely_inside(start, room) and "PROMISE" not in mode:
            if "CLIP" not in mode:
                here = ops.logical_and(ops.greater_equal(start, 0), ops.less_equal(start, _as_number(room)))
                inside = here if inside is None else ops.logical_and(inside, here)
            starts[axis] = clamped(start, room)
    touched = [a for a in range(x.ndim) if a in starts or a in paired or sizes.get(a, 1) != x.shape[a]]
    whole = [a for a in range(x.ndim) if a not in touched]
    windows = [a for a in touched if a in sizes]
    rank = len(batch) + len(windows)
    place: Any = None
    for axis in touched:
        here = _coordinates(axis, starts, paired, windows, sizes, batch, rank)
        place = here if place is None else ops.add(ops.multiply(place, _as_number(x.shape[axis])), here)
    full = (*batch, *(sizes[a] for a in windows))
    count = product(x.shape[a] for a in touched)
    rest = tuple(x.shape[a] for a in whole)
    # Updates as the places they go to, then what stays whole (an axis of size 1 may have been left out of them).
    window_place = dict(zip(window_axes, numbers.update_window_dims))
    order = [*behind, *(window_place[a] for a in windows), *(window_place[a] for a in whole if a in window_place)]
    rows = ops.reshape(transpose(updates, order), (product(full), *rest))
    flat = ops.reshape(transpose(x, (*touched, *whole)), (count, *rest))
    if place is None:
        place = ops.zeros((), "int32")
    place = ops.reshape(ops.broadcast_to(place, full), (product(full),))
    if inside is not None:
        # What falls outside goes into one more row, which is cut off again.
        mask = ops.reshape(inside, (*inside.shape, *[1] * len(windows)))
        mask = ops.reshape(ops.broadcast_to(mask, full), (product(full),))
        place = ops.where(mask, place, _as_number(count))
        flat = ops.constant_pad(flat, ((0, 1), *[(0, 0)] * len(rest)), 0)
    if reduction is None and node["update_jaxpr"] is not None and node["update_jaxpr"].eqns:
        raise PortError("A scatter with a function of one's own (x.at[...].apply) cannot be ported.")
    new = ops.scatter_rows(flat, place, rows, reduction)
    if inside is not None:
        new = ops.getitem(new, (slice(0, count),))
    new = ops.reshape(new, tuple(x.shape[a] for a in (*touched, *whole)))
    back = [0] * x.ndim
    for i, axis in enumerate((*touched, *whole)):
        back[axis] = i
    return transpose(new, back)


def _coordinates(axis: int, starts: Any, paired: Any, windows: list[int], sizes: Any, batch: Any, rank: int) -> Any:
    parts = []
    ahead = len(batch)
    if axis in starts:
        start = cast(as_value(starts[axis]), dtypes.int32)
        parts.append(ops.reshape(start, (*start.shape, *[1] * (rank - ahead))))
    if axis in paired:
        parts.append(line(batch[paired[axis]], paired[axis], rank))
    if axis in windows and sizes[axis] != 1:
        parts.append(line(sizes[axis], ahead + windows.index(axis), rank))
    if not parts:
        return ops.zeros((1,) * rank, "int32")
    return parts[0] if len(parts) == 1 else ops.add(*parts)


HANDLERS: dict[str, Handler] = {
    "scatter": _scattering(None),
    "scatter-add": _scattering("add"),
    "scatter-max": _scattering("max"),
    "scatter-min": _scattering("min"),
    "scatter-mul": _scattering("mul"),
    "scatter-sub": _scattering("add"),
}

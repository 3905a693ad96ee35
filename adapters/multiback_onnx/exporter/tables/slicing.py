"""Parts of arrays: `x[key]`."""

from __future__ import annotations

from typing import Any

from multiback.graph.dims import Dim
from multiback.graph.slices import Slice
from multiback_onnx.exporter.emitter import FIRST, LAST, Call
from multiback_onnx.exporter.tables import writes


@writes("getitem")
def _getitem(call: Call, x: Any, key: Any) -> str:
    e = call.emitter
    items = list(key) if isinstance(key, tuple) else [key]
    if Ellipsis in items:
        place = items.index(Ellipsis)
        given = sum(item is not None for item in items) - 1
        items[place : place + 1] = [Slice()] * (x.ndim - given)
    starts: list[Any] = []
    stops: list[Any] = []
    axes: list[int] = []
    steps: list[int] = []
    dropped: list[int] = []
    new: list[int] = []
    axis = place = 0
    for item in items:
        if item is None:
            new.append(place)
            place += 1
            continue
        if not isinstance(item, Slice):
            starts.append(item)
            stops.append(item + 1 if isinstance(item, Dim) or item != -1 else LAST)
            axes.append(axis)
            steps.append(1)
            dropped.append(axis)
        else:
            place += 1
            if not item.full:
                step = item.step or 1
                starts.append(item.start if item.start is not None else 0 if step > 0 else LAST)
                stops.append(item.stop if item.stop is not None else LAST if step > 0 else FIRST)
                axes.append(axis)
                steps.append(step)
        axis += 1
    name = e.name(x)
    if axes:
        name = e.node("Slice", [name, e.sizes(tuple(starts)), e.sizes(tuple(stops)), e.integers(*axes),
                                e.integers(*steps)])  # fmt: skip
    if dropped:
        name = e.node("Squeeze", [name, e.integers(*dropped)])
    return e.node("Unsqueeze", [name, e.integers(*new)]) if new else name

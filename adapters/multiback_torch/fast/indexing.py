"""Slices at places that the graph computes, by one selection per axis."""

import torch

from multiback.backends.protocol import Fast


def dynamic_slice(x, starts, *, shape):
    for axis, (size, count) in enumerate(zip(x.shape, shape)):
        if count != size:
            start = starts[axis].clamp(0, size - count)
            x = x.index_select(axis, torch.arange(count, device=x.device) + start)
    return x


def dynamic_update_slice(x, starts, updates):
    for axis, (size, count) in enumerate(zip(x.shape, updates.shape)):
        if count != size:
            start = starts[axis].clamp(0, size - count)
            return x.index_copy(axis, torch.arange(count, device=x.device) + start, updates)
    return updates


def one_axis(equation):
    x, _, updates = equation.inputs
    return sum(size != count for size, count in zip(x.shape, updates.shape)) <= 1


FAST = {
    "dynamic_slice": Fast(dynamic_slice),
    "dynamic_update_slice": Fast(dynamic_update_slice, one_axis),
}

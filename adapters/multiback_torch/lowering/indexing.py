"""Indexing and scattering. Negative indices count from the end; those out of range are clamped."""

import torch


def in_range(indices, size):
    """`indices` as int32 or int64 in 0 ... size - 1; the sign bit, spread over the word, selects what is added."""
    if indices.dtype not in (torch.int32, torch.int64):
        indices = indices.to(torch.int64)
    sign = indices >> (31 if indices.dtype == torch.int32 else 63)
    return sign.bitwise_and_(size).add_(indices).clamp_(0, size - 1)


def embedded(x, indices):
    """Rows of a matrix, and the indices that are surely in range."""
    if indices.dtype not in (torch.int32, torch.int64):
        indices = indices.to(torch.int64)
    if indices.is_cpu and not torch.compiler.is_compiling():
        try:
            return torch.embedding(x, indices), indices
        except IndexError:
            pass  # An index is negative or out of range.
    indices = in_range(indices, x.shape[0])
    return torch.embedding(x, indices), indices


def take(x, indices, *, axis):
    if axis == 0 and x.ndim == 2:
        return embedded(x, indices)[0]
    places = in_range(indices, x.shape[axis])
    rows = x.index_select(axis, places.reshape(-1))
    return rows if places.ndim == 1 else rows.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def take_along_axis(x, indices, *, axis):
    return x.gather(axis, in_range(indices.to(torch.int64), x.shape[axis]))


def scatter_rows(x, indices, updates, *, reduction):
    places = in_range(indices.to(torch.int64), x.shape[0])
    if reduction is None:
        return x.index_copy(0, places, updates)
    if reduction == "add":
        return x.index_add(0, places, updates)
    name = {"max": "amax", "min": "amin", "mul": "prod"}[reduction]
    places = places.reshape(-1, *[1] * (x.ndim - 1)).expand_as(updates)
    return x.scatter_reduce(0, places, updates, name, include_self=True)


LOWER = {
    "getitem": "{x}[{key:index}]",
    "take": take,
    "take_along_axis": take_along_axis,
    "scatter_rows": scatter_rows,
}

"""Shapes, order of axes, joining and padding."""

import pytensor.tensor as pt


def flip(x, *, axis):
    return x[tuple(slice(None, None, -1) if i in axis else slice(None) for i in range(x.ndim))]


def constant_pad(x, *, pad_width, value):
    sizes = [before + n + after for n, (before, after) in zip(x.shape, pad_width)]
    inside = tuple(slice(before, before + n) for n, (before, _) in zip(x.shape, pad_width))
    return pt.set_subtensor(pt.full(sizes, pt.constant(value, dtype=x.dtype))[inside], x)


LOWER = {
    "reshape": "pt.reshape({x:array}, {newshape}, ndim=len({newshape}))",
    "transpose": "pt.transpose({x:array}, {axes})",
    "broadcast_to": "pt.broadcast_to({x:array}, {shape})",
    "concatenate": "pt.concatenate({xs}, axis={axis})",
    "flip": flip,
    "constant_pad": constant_pad,
}

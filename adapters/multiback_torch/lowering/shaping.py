"""Shapes, order of axes, joining and padding: views wherever torch can."""

import torch.nn.functional as F


def constant_pad(x, *, pad_width, value):
    widths = [n for pair in reversed(pad_width) for n in pair]
    while widths and widths[-1] == widths[-2] == 0:
        del widths[-2:]
    return F.pad(x, widths, value=value)


LOWER = {
    "reshape": "{x}.reshape({newshape})",
    "transpose": "{x}.permute({axes})",
    "broadcast_to": "{x:array}.expand({shape})",
    "concatenate": "torch.cat({xs}, {axis})",
    "flip": "torch.flip({x}, {axis})",
    "constant_pad": constant_pad,
}

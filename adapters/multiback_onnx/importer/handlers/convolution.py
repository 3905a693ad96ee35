"""Convolutions. Kernels keep ONNX's layout (filters, channels / groups, spatial...); the graph transposes them."""

from __future__ import annotations

import itertools
from typing import Any

from multiback import ops
from multiback_onnx.importer.handlers.windows import Windows
from multiback_onnx.importer.node import Node, array
from multiback_onnx.importer.registry import handler


@handler("Conv")
def conv(node: Node, x: Any, kernel: Any, bias: Any = None) -> Any:
    """Convolution over 1 to 3 spatial axes."""
    return convolved(node, array(x), array(kernel), None if bias is None else array(bias))


def convolved(node: Node, x: Any, kernel: Any, bias: Any = None) -> Any:
    """`Conv` on values of the graph."""
    space = kernel.ndim - 2
    if space > 3 or space < 1:
        raise node.refuse(f"convolutions over {space} spatial axes are not supported; 1 to 3 are.")
    windows = Windows(node, x.shape, kernel.shape[2:])
    groups = node.get("group", 1)
    return ops.conv(
        x,
        ops.transpose(kernel, (*range(2, kernel.ndim), 1, 0)),
        strides=windows.strides,
        padding="valid" if not windows.padded else windows.pads,
        data_format="channels_first",
        dilation_rate=windows.dilations,
        bias=bias,
        groups=groups,
    )


@handler("ConvTranspose")
def conv_transpose(node: Node, x: Any, kernel: Any, bias: Any = None) -> Any:
    """Transposed convolution: inputs are spread by the strides and convolved with the mirrored kernel."""
    x, kernel = array(x), array(kernel)
    space = kernel.ndim - 2
    strides = tuple(node.get("strides") or [1] * space)
    rates = tuple(node.get("dilations") or [1] * space)
    extra = tuple(node.get("output_padding") or [0] * space)
    extent = [(k - 1) * d + 1 for k, d in zip(kernel.shape[2:], rates)]
    pads = _transposed_pads(node, x.shape[2:], extent, strides, extra)
    groups = node.get("group", 1)
    channels, filters = kernel.shape[:2]
    if groups > 1:
        parts = ops.reshape(kernel, (groups, channels // groups, filters, *kernel.shape[2:]))
        mixed = ops.transpose(parts, (1, 0, 2, *range(3, parts.ndim)))
        kernel = ops.reshape(mixed, (channels // groups, groups * filters, *kernel.shape[2:]))
    mirrored = ops.transpose(ops.flip(kernel, tuple(range(2, kernel.ndim))), (*range(2, kernel.ndim), 0, 1))
    return ops.conv(
        x,
        mirrored,
        padding=tuple((e - 1 - a, e - 1 - b + o) for e, (a, b), o in zip(extent, pads, extra)),
        data_format="channels_first",
        dilation_rate=rates,
        bias=None if bias is None else array(bias),
        groups=groups,
        input_dilation=strides,
    )


def _transposed_pads(node: Node, sizes: Any, extent: Any, strides: Any, extra: Any) -> list[tuple[int, int]]:
    """What is cut from both ends of the whole transposed convolution."""
    space = len(extent)
    auto = node.get("auto_pad", "NOTSET")
    wanted = node.get("output_shape")
    if wanted is not None or auto in ("SAME_UPPER", "SAME_LOWER"):
        found = []
        for i in range(space):
            if wanted is not None:
                if not isinstance(sizes[i], int):
                    raise node.refuse("output_shape needs the spatial sizes. Give the inputs fixed sizes.")
                total = (sizes[i] - 1) * strides[i] + extra[i] + extent[i] - wanted[len(wanted) - space + i]
            else:
                total = extent[i] + extra[i] - strides[i]
            half = total // 2
            lower = auto != "SAME_UPPER" and wanted is not None
            found.append((total - half, half) if lower else (half, total - half))
        return found
    given = node.get("pads") or [0] * (2 * space)
    return [(given[i], given[i + space]) for i in range(space)]


@handler("Col2Im")
def col2im(node: Node, x: Any, image: Any, block: Any) -> Any:
    """Columns of windows added up into an image."""
    x = array(x)
    sizes, kernel = node.integers(image, "image shape"), node.integers(block, "block shape")
    space = len(kernel)
    rates = node.get("dilations") or [1] * space
    strides = node.get("strides") or [1] * space
    pads = node.get("pads") or [0] * (2 * space)
    batch, rows, _ = x.shape
    count = 1
    for k in kernel:
        count *= k
    padded = [n + pads[i] + pads[i + space] for i, n in enumerate(sizes)]
    steps = [(n - (k - 1) * d - 1) // s + 1 for n, k, d, s in zip(padded, kernel, rates, strides)]
    parts = ops.reshape(x, (batch, rows // count, count, *steps))
    total: Any = None
    for i, place in enumerate(itertools.product(*map(range, kernel))):
        widths, lowest = [(0, 0), (0, 0)], []
        for axis in range(space):
            lowest.append(place[axis] * rates[axis])
        part = parts[:, :, i]
        part = _spread(part, strides)
        for axis in range(space):
            widths.append((lowest[axis], padded[axis] - lowest[axis] - part.shape[axis + 2]))
        part = ops.constant_pad(part, tuple(widths), 0)
        total = part if total is None else ops.add(total, part)
    index = tuple(slice(pads[i], pads[i] + sizes[i]) for i in range(space))
    return total[(slice(None), slice(None), *index)]


def _spread(x: Any, strides: Any) -> Any:
    """x with stride - 1 zeros between neighbours along each spatial axis."""
    for i, stride in enumerate(strides):
        if stride == 1:
            continue
        axis = i + 2
        size = x.shape[axis]
        wide = ops.expand_dims(x, axis + 1)
        pads = tuple((0, stride - 1) if a == axis + 1 else (0, 0) for a in range(wide.ndim))
        shape = (*x.shape[:axis], size * stride, *x.shape[axis + 1 :])
        x = ops.reshape(ops.constant_pad(wide, pads, 0), shape)
        x = x[tuple(slice(0, (size - 1) * stride + 1) if a == axis else slice(None) for a in range(x.ndim))]
    return x

"""Windows over space: padding as ONNX gives it, and the elements of each window."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.graph.dims import Size
from multiback_onnx.importer.node import Node


class Windows:
    """Kernel, strides, dilations and padding of a node that moves a window over the spatial axes (the third and on).

    Attributes:
        pads: (before, after) per spatial axis, without what `ceil_mode` adds.
        extra: What `ceil_mode` adds after the end.
    """

    def __init__(self, node: Node, shape: Sequence[Size], kernel: Sequence[int]) -> None:
        self.kernel = tuple(kernel)
        count = len(self.kernel)
        self.strides = tuple(node.get("strides") or [1] * count)
        self.dilations = tuple(node.get("dilations") or [1] * count)
        self.extent = tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations))
        sizes = tuple(shape[2:])
        auto = node.get("auto_pad", "NOTSET")
        if auto in ("SAME_UPPER", "SAME_LOWER"):
            self.pads = tuple(
                _same(node, n, e, s, auto == "SAME_LOWER") for n, e, s in zip(sizes, self.extent, self.strides)
            )
        else:
            given = node.get("pads") if auto == "NOTSET" else None
            given = given or [0] * (2 * count)
            self.pads = tuple((given[i], given[i + count]) for i in range(count))
        self.extra = tuple(
            _ceiling(node, n, p, e, s) if node.get("ceil_mode", 0) and auto == "NOTSET" else 0
            for n, p, e, s in zip(sizes, self.pads, self.extent, self.strides)
        )

    @property
    def padded(self) -> bool:
        """Whether anything is added."""
        return any(a or b for a, b in self.pads) or any(self.extra)

    @property
    def dilated(self) -> bool:
        """Whether elements of the window are apart."""
        return any(d != 1 for d in self.dilations)

    def pad(self, x: Any, value: Any, *, extra: bool = True) -> Any:
        """x with the padding added."""
        widths = [(a, b + (e if extra else 0)) for (a, b), e in zip(self.pads, self.extra)]
        if not any(a or b for a, b in widths):
            return x
        return ops.constant_pad(x, ((0, 0), (0, 0), *widths), value)

    def elements(self, x: Any) -> list[Any]:
        """For each place in the kernel, the elements there of all windows of the padded x."""
        sizes = [(n - e) // s + 1 for n, e, s in zip(x.shape[2:], self.extent, self.strides)]
        found = []
        for place in itertools.product(*map(range, self.kernel)):
            index: list[Any] = [slice(None), slice(None)]
            for k, d, s, n in zip(place, self.dilations, self.strides, sizes):
                index.append(slice(k * d, k * d + (n - 1) * s + 1, s if s != 1 else None))
            found.append(x[tuple(index)])
        return found


def _same(node: Node, size: Size, extent: int, stride: int, lower: bool) -> tuple[int, int]:
    if not isinstance(size, int) and stride != 1:
        raise node.refuse("auto_pad with a stride needs the spatial sizes. Give the inputs fixed sizes.")
    total = max((-(-size // stride) - 1) * stride + extent - size, 0) if isinstance(size, int) else extent - 1
    less = total // 2
    return (total - less, less) if lower else (less, total - less)


def _ceiling(node: Node, size: Size, pads: tuple[int, int], extent: int, stride: int) -> int:
    """How much more padding makes the last window whole, unless it starts beyond the padded input."""
    if not isinstance(size, int):
        raise node.refuse("ceil_mode needs the spatial sizes. Give the inputs fixed sizes.")
    total = size + sum(pads)
    count = -(-(total - extent) // stride) + 1
    if (count - 1) * stride >= size + pads[0]:
        count -= 1
    return max((count - 1) * stride + extent - total, 0)

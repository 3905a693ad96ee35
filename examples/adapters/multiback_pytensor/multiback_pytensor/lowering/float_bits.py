"""The bits of numbers. PyTensor has no op that reads them as another dtype, so this is one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op


class _ReadBits(Op):
    __props__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, list(inputs), [pt.tensor(dtype=self.dtype, shape=inputs[0].type.shape)])

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        (x,) = inputs
        output_storage[0][0] = np.array(x, order="C").view(self.dtype).reshape(x.shape)

    def infer_shape(self, fgraph: Any, node: Apply, shapes: Any) -> Any:
        return shapes

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False]]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        return [disconnected_type()]


def bitcast(x, *, dtype):
    return _ReadBits(dtype)(x)


def signbit(x):
    return pt.lt(bitcast(x, dtype=f"int{8 * np.dtype(x.dtype).itemsize}"), 0)


LOWER = {"bitcast": bitcast, "signbit": signbit}

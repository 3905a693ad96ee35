"""How PyTensor compiles here: its graph nearly as it is, each op by NumPy.

PyTensor's other ways translate to C or Numba, which takes half a minute to a minute for one training step, and its
usual rewrites fuse elementwise ops, which without a compiler means a Python call for every element.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pytensor.compile.builders import OpFromGraph
from pytensor.compile.mode import Mode
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.rewriting.basic import MergeOptimizer, SequentialGraphRewriter, dfs_rewriter, in2out, node_rewriter
from pytensor.link.vm import VMLinker
from pytensor.scalar.basic import Cast, Clip, Identity, Second, Switch
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.rewriting.ofg import inline_ofg_node
from pytensor.tensor.utils import import_func_from_string

COMPILED = "NUMBA"

_ON_ARRAYS: dict[type, Callable[..., Any]] = {
    Cast: np.asarray,
    Clip: np.clip,
    Identity: np.copy,
    Second: lambda x, y: np.broadcast_arrays(x, y)[1].copy(),
    Switch: np.where,
}
"""What these do to whole arrays; PyTensor's own Python code takes most of them element by element."""


class _OnArrays(Op):
    __props__ = ("scalar",)

    def __init__(self, scalar: Any, function: Callable[..., Any]) -> None:
        self.scalar, self.function = scalar, function

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, list(inputs), [Elemwise(self.scalar).make_node(*inputs).outputs[0].type()])

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        y = self.function(*inputs)
        output_storage[0][0] = y.astype(node.outputs[0].type.dtype, copy=self.function is np.asarray)


@node_rewriter([Elemwise])
def _on_arrays(fgraph: Any, node: Apply) -> Any:
    scalar = node.op.scalar_op
    if (function := _ON_ARRAYS.get(type(scalar)) or _ufunc(scalar, node)) is None:
        return None
    return [_OnArrays(scalar, function)(*node.inputs)]


def _ufunc(scalar: Any, node: Apply) -> Callable[..., Any] | None:
    """NumPy's function, called without PyTensor's checks on broadcasting, which multiback has made."""
    spec, kinds = scalar.nfunc_spec, {x.type.dtype for x in node.inputs}
    same = len(kinds) == 1 and node.outputs[0].type.dtype in (*kinds, "bool")
    return import_func_from_string(spec[0]) if spec and spec[1:] == (len(node.inputs), 1) and same else None


@node_rewriter([OpFromGraph])
def _opened(fgraph: Any, node: Apply) -> Any:
    # An op made of a graph would compile that graph in PyTensor's default mode.
    return inline_ofg_node(node)


INTERPRETED = Mode(
    VMLinker(use_cloop=False, c_thunks=False),
    optimizer=SequentialGraphRewriter(dfs_rewriter(_opened), MergeOptimizer(), in2out(_on_arrays)),  # type: ignore[arg-type]
)

"""Elementwise ops that write into an operand which nobody else reads: no new memory, fewer page faults."""

from __future__ import annotations

from collections import Counter
from typing import Any

from multiback.graph.ir import Equation, Graph, Literal, Value
from multiback.graph.kernels import Kernel

FRESH = frozenset(
    "add batch_norm_gradient batch_norm_train batch_normalization conv conv_gradient divide gelu gelu_gradient "  # noqa: SIM905
    "layer_normalization layer_normalization_gradient linear masked matmul matmul_left_gradient max_pool_gradient "
    "multiply subtract take".split()
)
"""Ops and kernels whose results have storage of their own, each element once, that nothing else refers to."""

_BINARY = ("x1", "x2")
WRITING: dict[str, dict[str, Kernel]] = {
    "relu": {"x": Kernel("relu_", "torch.relu_({x})", ("x",))},
    "add": {
        "x1": Kernel("add_", "{x1}.add_({x2:array})", _BINARY),
        "x2": Kernel("add_", "{x2}.add_({x1:array})", _BINARY),
    },
    "multiply": {
        "x1": Kernel("multiply_", "{x1}.mul_({x2:array})", _BINARY),
        "x2": Kernel("multiply_", "{x2}.mul_({x1:array})", _BINARY),
    },
    "relu_gradient": {
        "g": Kernel(
            "relu_gradient_", "torch.ops.aten.threshold_backward.grad_input({g}, {y}, 0, grad_input={g})", ("g", "y")
        )
    },
    "masked": {"x": Kernel("masked_", "{x}.mul_({mask})", ("x", "mask"))},
}
"""For each op that may overwrite an operand, what does it."""


def overwrite(graph: Graph) -> Graph:
    """The graph with elementwise ops in place where their operand is a fresh result that has no other reader.

    Arguments:
        graph: Of which only the outermost equations are changed: no gradient flows through them.
    """
    readers = Counter(x for e in graph.equations for x in e.flat_inputs if isinstance(x, Value))
    readers.update(x for x in graph.outputs if isinstance(x, Value))
    fresh: set[Any] = set()
    equations = []
    for equation in graph.equations:
        equations.append(_overwriting(equation, readers, fresh))
        if equation.op.name in FRESH or equations[-1] is not equation:
            fresh.update(equation.flat_outputs)
    return graph.replace(equations=tuple(equations))


def _overwriting(equation: Equation, readers: Counter[Any], fresh: set[Any]) -> Equation:
    y = equation.flat_outputs[0] if equation.flat_outputs else None
    for name, kernel in WRITING.get(equation.op.name, {}).items():
        x: Any = equation.inputs[equation.op.operands.index(name)]
        if isinstance(x, Literal) or x not in fresh or readers[x] != 1:
            continue
        if y is not None and x.shape == y.shape and x.dtype == y.dtype:
            return equation.replace(op=kernel, attributes={})
    return equation

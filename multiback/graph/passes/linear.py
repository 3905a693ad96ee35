"""A matrix product with its bias and its activation as one op, where the adapter has it natively.

    add(matmul(x, kernel), bias)            ->  linear(x, kernel, bias)
    add(reshape(matmul(x, kernel)), bias)   ->  reshape(linear(x, kernel, reshape(bias)))
    relu(linear(x, kernel, bias))           ->  linear(x, kernel, bias, activation="relu")

for a vector of biases, and where nobody else reads what lies between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from multiback.graph.dims import product
from multiback.graph.ir import Equation, Graph, Literal, Value
from multiback.graph.op import OPS
from multiback.graph.passes.rewriting import Rule, Sweep, rewrite


def fuse_linear(graph: Graph, keep: Callable[[Equation], bool]) -> Graph:
    """The graph with `linear` where the adapter keeps it."""
    if not any(e.op.name == "matmul" for e in graph.walk()):
        return graph
    rules = _rules(keep)

    def convert(graph: Graph) -> Graph:
        if any(e.graphs for e in graph.equations):
            graph = graph.replace(
                equations=tuple(
                    e.replace(attributes={**e.attributes, **{k: convert(g) for k, g in e.graphs.items()}})
                    if e.graphs
                    else e
                    for e in graph.equations
                )
            )
        return rewrite(graph, [rules])

    return convert(graph)


def _rules(keep: Callable[[Equation], bool]) -> Mapping[str, Rule]:
    op = OPS["linear"]

    def fused(x: Any, kernel: Any, bias: Any, outputs: Any, activation: str, like: Equation) -> Equation | None:
        equation = Equation(op, (x, kernel, bias), {"activation": activation}, outputs, like.scope, like.line)
        return equation if keep(equation) else None

    def add(equation: Equation, sweep: Sweep) -> Any:
        for y, bias in (equation.inputs, equation.inputs[::-1]):
            if isinstance(y, Literal) or isinstance(bias, Literal) or not sweep.used_once(y):
                continue
            found = _biased(y, bias, equation, sweep)
            if found is not None:
                return found
        return None

    def _biased(y: Any, bias: Any, equation: Equation, sweep: Sweep) -> Any:
        out = equation.flat_outputs[0]
        if y.shape != out.shape or bias.dtype != y.dtype or not y.dtype.is_float:
            return None
        split = sweep.maker(y, "reshape")
        made = sweep.maker(split.inputs[0] if split else y, "matmul")
        if made is None or (split and not sweep.used_once(split.inputs[0])):
            return None
        x, kernel = made.inputs
        if not _dense(x, kernel) or bias.ndim == 0 or bias.shape != y.shape[y.ndim - bias.ndim :]:
            return None
        if product(bias.shape) != kernel.shape[1] or (split is None and bias.ndim != 1):  # type: ignore[union-attr]
            return None
        if split is None:
            return fused(x, kernel, bias, equation.outputs, "linear", equation)
        rows = made.flat_outputs[0]
        vector = Value((kernel.shape[1],), bias.dtype)  # type: ignore[union-attr]
        inner = fused(x, kernel, vector, Value(rows.shape, rows.dtype), "linear", equation)
        if inner is None:
            return None
        sweep.add(_reshape(bias, vector, equation))
        sweep.add(inner)
        return _reshape(inner.outputs, equation.flat_outputs[0], equation)

    def relu(equation: Equation, sweep: Sweep) -> Any:
        x = equation.inputs[0]
        made = sweep.maker(x, "linear")
        if made is None or made.attributes["activation"] != "linear" or not sweep.used_once(x):
            return None
        x, kernel, bias = made.inputs
        return fused(x, kernel, bias, equation.outputs, "relu", equation)

    return {"add": add, "relu": relu}


def _dense(x: Any, kernel: Any) -> bool:
    return not isinstance(x, Literal) and not isinstance(kernel, Literal) and x.ndim > 1 and kernel.ndim == 2


def _reshape(x: Any, output: Value, like: Equation) -> Equation:
    return Equation(OPS["reshape"], (x,), {"newshape": output.shape}, output, like.scope, like.line)

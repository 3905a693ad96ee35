"""Batch normalisation by given statistics goes into the weights of the layer before it.

    batch_normalization(conv(x, kernel, bias), mean, variance, offset, scale)
        ->  conv(x, kernel * factor, bias * factor + offset - mean * factor),  factor = scale / sqrt(variance + epsilon)

and so for matmul(x, kernel), with or without a bias added, where the adapter has `linear`. The weights are scaled anew
at each run, so the rule is applied only where that is little: where the activations have at least `LEAST` times as many
elements as kernel and statistics, for the sizes that are expected. It is not applied inside gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from multiback.graph.dims import Size, evaluate
from multiback.graph.ir import Equation, Graph, Literal, Value
from multiback.graph.op import OPS
from multiback.graph.passes.rewriting import Sweep, rewrite

LEAST = 4
"""How many times as many elements must be saved as are added."""


def fold_batch_norm(graph: Graph, keep: Callable[[Equation], bool], sizes: Mapping[str, int]) -> Graph:
    """The graph with the rule applied to its outermost equations."""
    if not any(e.op.name == "batch_normalization" for e in graph.equations):
        return graph

    def rule(equation: Equation, sweep: Sweep) -> Any:
        y: Any = equation.inputs[0]
        if isinstance(y, Literal) or not sweep.used_once(y) or not _floats(equation):
            return None
        made = sweep.maker(y, "conv", "matmul", "add")
        axis = equation.attributes["axis"]
        if made is None:
            return None
        if made.op.name == "conv":
            last = made.attributes["data_format"] == "channels_last"
            x, kernel, bias = made.inputs
            fits = axis == (y.ndim - 1 if last else 1)
            return _folded(equation, sweep, kernel, bias, _conv(made, x)) if fits else None
        x, kernel, bias = _dense(made, sweep)
        if kernel is None or axis != y.ndim - 1 or not keep(_linear(equation, x, kernel)):
            return None
        return _folded(equation, sweep, kernel, bias, lambda k, b: OPS["add"](OPS["matmul"](x, k), b))

    def _folded(equation: Equation, sweep: Sweep, kernel: Any, bias: Any, apply: Callable[..., Any]) -> Any:
        saved, weights = _elements(equation.inputs[0], sizes), _elements(kernel, sizes)
        channels = _elements(equation.inputs[1], sizes)
        if saved is None or weights is None or channels is None or saved < LEAST * (weights + 4 * channels):
            return None
        _, mean, variance, offset, scale = equation.inputs

        def record() -> Any:
            factor = OPS["rsqrt"](OPS["add"](variance, equation.attributes["epsilon"]))
            factor = factor if scale is None else OPS["multiply"](factor, scale)
            shift = OPS["multiply"](mean if bias is None else OPS["subtract"](mean, bias), factor)
            shift = OPS["negative"](shift) if offset is None else OPS["subtract"](offset, shift)
            return apply(OPS["multiply"](kernel, factor), shift)

        return sweep.record(record, like=equation)

    return rewrite(graph, [{"batch_normalization": rule}])


def _floats(equation: Equation) -> bool:
    """Whether all operands are of one dtype, whose rounding is fine enough for scaled weights."""
    dtypes = {x.dtype for x in equation.flat_inputs}
    return len(dtypes) == 1 and all(d.is_float and d.bits >= 32 for d in dtypes)


def _conv(made: Equation, x: Any) -> Callable[[Any, Any], Any]:
    return lambda kernel, bias: OPS["conv"](x, kernel, bias=bias, **made.attributes)


def _dense(made: Equation, sweep: Sweep) -> tuple[Any, Any, Any]:
    """x, kernel and bias of a dense layer; kernel None if it is none."""
    nothing = None, None, None
    if made.op.name == "add":
        for product, bias in (made.inputs, made.inputs[::-1]):
            inner = sweep.maker(product, "matmul")
            if inner is not None and sweep.used_once(product) and not isinstance(bias, Literal):
                x, kernel, _ = _dense(inner, sweep)
                fits = kernel is not None and bias.shape == kernel.shape[1:]  # type: ignore[union-attr]
                return (x, kernel, bias) if fits else nothing
        return nothing
    x, kernel = made.inputs
    if isinstance(x, Literal) or isinstance(kernel, Literal) or x.ndim < 2 or kernel.ndim != 2:  # type: ignore[union-attr]
        return nothing
    return x, kernel, None


def _linear(equation: Equation, x: Any, kernel: Any) -> Equation:
    bias = Value(kernel.shape[1:], kernel.dtype)
    return Equation(OPS["linear"], (x, kernel, bias), {"activation": "linear"}, equation.outputs)


def _elements(x: Any, sizes: Mapping[str, int]) -> int | None:
    count = 1
    for n in x.shape:
        known = _known(n, sizes)
        if known is None:
            return None
        count *= known
    return count


def _known(size: Size, sizes: Mapping[str, int]) -> int | None:
    try:
        return size if isinstance(size, int) else evaluate(size, sizes)
    except KeyError:
        return None

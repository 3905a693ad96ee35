"""Images with their channels after the batch, where a framework wants them there.

Convolutions and poolings on channels_last images become ones on channels_first images; what lies between them follows,
so that axes are moved only where images come in and where something else reads them. Values are the same.
"""

from __future__ import annotations

from typing import Any

from multiback.graph.ir import Equation, Graph, Literal, Value, map_tuple
from multiback.graph.op import OPS
from multiback.graph.passes.movement import ELEMENTWISE
from multiback.graph.slices import Slice

_SPATIAL = frozenset({"conv", "depthwise_conv", "separable_conv", "conv_transpose", "max_pool", "average_pool"})
_REDUCTIONS = frozenset({"sum", "mean", "amax", "amin", "max", "min", "any", "all", "prod", "var", "std", "logsumexp"})
_POINTWISE = ELEMENTWISE | {
    "celu", "dropout", "exp2", "greater_equal", "hard_shrink", "hard_silu", "hard_tanh", "isnan", "less_equal",
    "log2", "log10", "log_sigmoid", "logical_and", "logical_not", "logical_or", "mish", "not_equal", "soft_shrink",
    "squareplus", "tanh_shrink", "threshold", "trunc", "logaddexp", "arctan", "isfinite", "isinf", "sinh", "cosh",
}  # fmt: skip


def channels_second(graph: Graph) -> Graph:
    """The graph with its images channels_first; those of sub-graphs stay."""
    if not any(_is_spatial(e) for e in graph.equations):
        return graph
    return _Layout(graph).graph()


def _is_spatial(equation: Equation) -> bool:
    return equation.op.name in _SPATIAL and equation.attributes.get("data_format") == "channels_last"


def _first(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return (shape[0], shape[-1], *shape[1:-1])


def _axis(axis: int, rank: int) -> int:
    """Where an axis of a channels_last array is with the channels after the batch."""
    return 0 if axis == 0 else 1 if axis == rank - 1 else axis + 1


class _Layout:
    def __init__(self, graph: Graph) -> None:
        self.source = graph
        self.equations: list[Equation] = []
        self.first: dict[Any, Value] = {}  # the channels_first value of one that was channels_last
        self.last: dict[Any, Any] = {v: v for v in (*graph.inputs, *graph.constants)}
        self.like: Equation

    def graph(self) -> Graph:
        for equation in self.source.equations:
            self.like = equation
            moved = self._moved(equation)
            if moved is not None:
                self.equations.append(moved)
                continue
            inputs = map_tuple(self._as_last, equation.inputs)
            self.equations.append(equation.replace(inputs=inputs))
            self.last.update((v, v) for v in equation.flat_outputs)
        outputs = tuple(map(self._as_last, self.source.outputs))
        return self.source.replace(equations=tuple(self.equations), outputs=outputs)

    def _record(self, op: str, inputs: tuple[Any, ...], attributes: dict[str, Any], out: Value) -> Value:
        self.equations.append(Equation(OPS[op], inputs, attributes, out, self.like.scope, self.like.line))
        return out

    def _as_last(self, x: Any) -> Any:
        if not isinstance(x, Value):
            return x
        if x not in self.last:
            axes = (0, *range(2, x.ndim), 1)
            self.last[x] = self._record("transpose", (self.first[x],), {"axes": axes}, Value(x.shape, x.dtype))
        return self.last[x]

    def _as_first(self, x: Any) -> Any:
        if x not in self.first:
            axes = (0, x.ndim - 1, *range(1, x.ndim - 1))
            out = Value(_first(x.shape), x.dtype)
            self.first[x] = self._record("transpose", (self.last[x],), {"axes": axes}, out)
        return self.first[x]

    def _out(self, value: Value) -> Value:
        self.first[value] = Value(_first(value.shape), value.dtype)
        return self.first[value]

    def _is_first(self, x: Any) -> bool:
        return isinstance(x, Value) and x in self.first and x not in self.last

    def _moved(self, equation: Equation) -> Equation | None:
        """The equation on channels_first arrays, or None if it stays as it is."""
        name = equation.op.name
        if _is_spatial(equation):
            x, *rest = equation.inputs
            return equation.replace(
                inputs=(self._as_first(x), *map(self._as_last, rest)),
                attributes={**equation.attributes, "data_format": "channels_first"},
                outputs=self._out(equation.outputs),  # type: ignore[arg-type]
            )
        operands = equation.inputs[0] if name == "concatenate" else equation.inputs
        if not any(map(self._is_first, operands)) or not all(  # type: ignore[arg-type]
            isinstance(v, Value) for v in equation.flat_outputs
        ):
            return None
        if name in _POINTWISE:
            return self._pointwise(equation)
        if name in _REDUCTIONS:
            return self._reduction(equation)
        rule = _RULES.get(name)
        return rule(self, equation) if rule else None

    def _pointwise(self, equation: Equation) -> Equation | None:
        (out,) = equation.flat_outputs
        rank, inputs = out.ndim, []
        for x in equation.inputs:
            if isinstance(x, Value) and x.ndim == rank:
                inputs.append(self._as_first(x))
            elif isinstance(x, Value) and x.ndim == 1 and x.shape[0] != 1:
                shape = (x.shape[0], *[1] * (rank - 2))
                inputs.append(self._record("reshape", (self._as_last(x),), {"newshape": shape}, Value(shape, x.dtype)))
            elif x is None or isinstance(x, Literal) or (isinstance(x, Value) and x.ndim <= 1):
                inputs.append(self._as_last(x))
            else:
                return None
        attributes = dict(equation.attributes)
        if attributes.get("noise_shape"):
            attributes["noise_shape"] = _first(attributes["noise_shape"])
        return equation.replace(inputs=tuple(inputs), attributes=attributes, outputs=self._out(out))

    def _reduction(self, equation: Equation) -> Equation | None:
        x = equation.inputs[0]
        axis = equation.attributes.get("axis")
        if not isinstance(axis, int | tuple) or not isinstance(x, Value):
            return None
        axes = (axis,) if isinstance(axis, int) else axis
        (out,) = equation.flat_outputs
        moved = tuple(sorted(_axis(a % x.ndim, x.ndim) for a in axes))
        if not equation.attributes.get("keepdims"):
            rest = [a for a in range(x.ndim) if a not in {b % x.ndim for b in axes}]
            if sorted(_axis(a, x.ndim) for a in rest) != [_axis(a, x.ndim) for a in rest]:
                return None
            self.last[out] = out
        attributes = {**equation.attributes, "axis": moved[0] if isinstance(axis, int) else moved}
        outputs = self._out(out) if equation.attributes.get("keepdims") else out
        return equation.replace(
            inputs=(self._as_first(x), *equation.inputs[1:]), attributes=attributes, outputs=outputs
        )

    def _along(self, equation: Equation) -> Equation | None:
        """Ops with one axis, or several, whose results have the axes of their first operand."""
        x = equation.inputs[0]
        rank = equation.flat_outputs[0].ndim
        axis = equation.attributes["axis"]
        if not isinstance(axis, int | tuple) or any(v.ndim != rank for v in equation.flat_outputs):
            return None
        moved = map_tuple(lambda a: _axis(a % rank, rank), axis)
        inputs = map_tuple(self._as_first, x)
        rest = tuple(map(self._as_last, equation.inputs[1:]))
        attributes = {**equation.attributes, "axis": moved}
        return equation.replace(
            inputs=(inputs, *rest), attributes=attributes, outputs=map_tuple(self._out, equation.outputs)
        )

    def _batch_norm_train(self, equation: Equation) -> Equation | None:
        x, *rest = equation.inputs
        y, mean, variance = equation.outputs  # type: ignore[misc]
        self.last.update({mean: mean, variance: variance})
        axis = _axis(equation.attributes["axis"], x.ndim)  # type: ignore[union-attr]
        return equation.replace(
            inputs=(self._as_first(x), *map(self._as_last, rest)),
            attributes={**equation.attributes, "axis": axis},
            outputs=(self._out(y), mean, variance),  # type: ignore[arg-type]
        )

    def _pad(self, equation: Equation) -> Equation | None:
        widths = equation.attributes["pad_width"]
        x, *rest = equation.inputs
        return equation.replace(
            inputs=(self._as_first(x), *map(self._as_last, rest)),
            attributes={**equation.attributes, "pad_width": _first(widths)},
            outputs=self._out(equation.outputs),  # type: ignore[arg-type]
        )

    def _getitem(self, equation: Equation) -> Equation | None:
        (x,) = equation.inputs
        key = equation.attributes["key"]
        if not all(isinstance(k, Slice) for k in key):
            return None
        key = _first((*key, *[Slice()] * (x.ndim - len(key))))  # type: ignore[union-attr]
        return equation.replace(
            inputs=(self._as_first(x),),
            attributes={"key": key},
            outputs=self._out(equation.outputs),  # type: ignore[arg-type]
        )


_RULES = {
    "batch_normalization": _Layout._along,
    "batch_norm_train": _Layout._batch_norm_train,
    "concatenate": _Layout._along,
    "constant_pad": _Layout._pad,
    "flip": _Layout._along,
    "getitem": _Layout._getitem,
    "repeat": _Layout._along,
    "softmax": _Layout._along,
    "log_softmax": _Layout._along,
    "split": _Layout._along,
}

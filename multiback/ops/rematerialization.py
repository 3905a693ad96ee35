"""Results that are computed again for the gradient instead of being kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from multiback import tree
from multiback.graph import gradient
from multiback.graph.ir import Graph
from multiback.graph.op import OPS
from multiback.graph.trace import current_builder, trace_inner
from multiback.ops._cases import HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops.control import traced_from
from multiback.ops.trigonometry import sin, tanh

_BOUND = Bound(16, lambda *_, **__: 4.0)
_X, _Y = Sample(("batch", 3)), Sample((3,))


def _wave(x: Any, y: Any) -> Any:
    return sin(tanh(x * y) * x), y


@composite(
    name="remat",
    canonical=traced_from(body=lambda call: call["operands"]),
    cases=[
        Case(((_X, _Y),), {"body": _wave}, "two arrays", bound=_BOUND),
        Case(
            ((Sample((4, 3)), _Y),),
            {"body": _wave},
            "other floats",
            OTHER_FLOATS,
            Bound(16, lambda *_, **__: 4.0),
            False,
        ),
        Case(
            ((Sample((4, 3)), Sample((3,), 0, 9, dtype="int32")),),
            {"body": lambda x, n: (sin(x) * n, n + 1)},
            "an integer beside",
            bound=Bound(16, lambda *_, **__: 16.0),
        ),
        Case(
            ((Sample((4, 3)), _Y),),
            {"body": _wave},
            "gradient in half precision",
            HALVES,
            Bound(16, lambda *_, **__: 4.0),
        ),
    ],
)
def _remat(operands: Sequence[Array], body: Graph) -> Any:
    """The outputs of `body(*operands)`, of which a gradient keeps nothing but the operands."""
    return tuple(gradient.inline(body, list(operands)))


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives what `f` gives, and whose gradient computes `f` again instead of keeping what it needs.

    Memory for the results inside `f` is paid for with a second forward pass. Outside a traced function, and on a
    backend without such a gradient, it is `f` itself.

    Arguments:
        f: Takes and returns trees of arrays; may read and assign Variables.

    Returns:
        A function of the same arguments. Its results and gradients are those of `f`.

    Source: Griewank and Walther 2000, Algorithm 799: revolve; Chen et al. 2016, Training deep nets with sublinear
        memory cost.

    Example:
        >>> block = ops.remat(lambda x: ops.tanh(ops.tanh(x)))
        >>> block(0.0).item()
        0.0
    """

    return rematerialized(f)


def rematerialized(f: Callable[..., Any], larger_than: int | None = None) -> Callable[..., Any]:
    """As `remat`, but only if a result has more than `larger_than` elements, where a symbolic size counts as 1."""

    def call(*args: Any, **kwargs: Any) -> Any:
        builder = current_builder()
        if builder is None:
            return f(*args, **kwargs)
        inner = trace_inner(lambda: f(*args, **kwargs), (), name="body")
        if larger_than is not None and all(_elements(x.shape) <= larger_than for x in inner.graph.outputs):
            outputs = gradient.inline(inner.graph, list(inner.captures))
        else:
            specs = tuple(x.spec for x in inner.graph.outputs)
            # The body of this op is the graph it is given: it need not be traced to know what comes out.
            outputs = builder.emit(OPS["remat"], {"operands": inner.captures, "body": inner.graph}, specs)
        kept = len(outputs) - len(inner.assigned)
        for variable, value in zip(inner.assigned, outputs[kept:]):
            builder.assign(variable, value)
        return tree.unflatten(inner.structure, outputs[:kept])

    return call


def _elements(shape: Sequence[Any]) -> int:
    return math.prod(n for n in shape if isinstance(n, int))

"""How ops are declared: `@primitive` on a shape rule, `@composite` on a body written in other ops.

Example of a primitive, whole:

    @primitive(canonical=axis_of("x"), cases=[...])
    def flip(x: Array, axis: Axes = None) -> Spec:
        '''The elements in reverse order along `axis`: y[i] = x[n - 1 - i].'''
        return like(x)

    @flip.meaning
    def _(x, axis):
        return np.flip(x, axis)

    @flip.vjp
    def _(g, y, x, axis):
        return flip(g, axis)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from multiback.backends import eager
from multiback.graph.ir import Value, flat
from multiback.graph.op import OPS, Array, Op
from multiback.graph.trace import current_builder

__all__ = ["OPS", "Array", "PublicOp", "composite", "primitive"]


class PublicOp(Op):
    """An op that can be called: on abstract values it records an equation, on arrays it computes."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = self.bind(args, kwargs)
        builder = current_builder()
        if builder is not None:
            return builder.apply(self, call)
        for name in self.operands:
            for x in flat(tuple(call[name]) if isinstance(call[name], list) else call[name]):
                if isinstance(x, Value):
                    return x.__multiback_apply__(self, call)  # type: ignore[attr-defined]
        return eager.apply(self, call)


def primitive(
    *,
    name: str | None = None,
    canonical: Callable[[dict[str, Any]], None] | None = None,
    cases: Iterable[Any] = (),
    accepts: str = "",
) -> Callable[[Callable[..., Any]], PublicOp]:
    """Declares an op that every adapter implements; the decorated function is its shape rule.

    Arguments:
        name: If not the function's.
        canonical: Changes the bound arguments in place: promotes dtypes, makes axes positive.
        cases: Conformance cases.
        accepts: Kinds of dtype that operands may have: "b", "i", "u", "f".
    """

    def declare(rule: Callable[..., Any]) -> PublicOp:
        return PublicOp(rule, composite=False, name=name, canonical=canonical, cases=cases, accepts=accepts)

    return declare


def composite(
    *,
    name: str | None = None,
    canonical: Callable[[dict[str, Any]], None] | None = None,
    cases: Iterable[Any] = (),
    accepts: str = "",
) -> Callable[[Callable[..., Any]], PublicOp]:
    """Declares an op whose meaning is its body, written in other ops. It stays one equation in the graph."""

    def declare(body: Callable[..., Any]) -> PublicOp:
        return PublicOp(body, composite=True, name=name, canonical=canonical, cases=cases, accepts=accepts)

    return declare

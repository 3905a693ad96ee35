"""One sweep over a graph with rules: each looks at one equation and at what made its operands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from multiback.graph.ir import Equation, Graph, Literal, Value, flat
from multiback.graph.passes.substitution import Substitution, substitute
from multiback.graph.trace import Builder


class Sweep:
    """What a rule may ask about the graph around an equation.

    Attributes:
        graph: The graph that is rewritten.
        made: The equation that makes each value, as rewritten so far.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.made: dict[Any, Equation] = {}
        self.constants = dict(graph.constants)
        self.equations: list[Equation] = []
        self._uses: Counter[Any] | None = None

    def maker(self, x: Any, *names: str) -> Equation | None:
        """The equation that makes `x`, if its op is one of these."""
        equation = self.made.get(x)
        return equation if equation is not None and equation.op.name in names else None

    def used_once(self, x: Any) -> bool:
        """Whether `x` is read once in the graph as it was, and is no output of it."""
        if self._uses is None:
            self._uses = Counter(v for e in self.graph.equations for v in e.flat_inputs)
            self._uses.update(self.graph.outputs)
        return self._uses[x] == 1

    def number(self, x: Any) -> Any:
        """The number that `x` is known to be, whatever its shape; None if it is not known."""
        while (equation := self.maker(x, "broadcast_to", "reshape")) is not None:
            x = equation.inputs[0]
        if isinstance(x, Literal):
            return x.value
        array = self.constants.get(x)
        return array.item() if array is not None and array.size == 1 else None

    def record(self, function: Callable[..., Any], *operands: Any, like: Equation) -> Any:
        """Adds the equations of `function(*operands)` before the one that is looked at, and returns its result."""
        builder = _Splice(like.op.name)
        result = builder.run(function, *operands)
        self.constants.update(builder.constants)
        for equation in builder.equations:
            self.add(equation.replace(scope=like.scope, line=like.line))
        return result

    def as_value(self, x: Any) -> Any:
        """`x`, a number as a captured array."""
        if not isinstance(x, Literal):
            return x
        value = Value((), x.dtype)
        self.constants[value] = np.asarray(x.value, x.dtype.numpy)
        return value

    def add(self, equation: Equation) -> None:
        """Puts an equation before the one that is looked at."""
        self.equations.append(equation)
        for value in equation.flat_outputs:
            self.made[value] = equation


class _Splice(Builder):
    """Records equations on the values of any graph."""

    def _own(self, value: Value) -> Value:
        return value


Rule = Callable[[Equation, Sweep], Any]
"""Returns None to leave an equation, an Equation to put in its place, or operands to use instead of its outputs."""


def rewrite(graph: Graph, rules: Sequence[Mapping[str, Rule]]) -> Graph:
    """The graph with the first rule that applies to each equation applied, and again while one does."""
    sweep = Sweep(graph)
    env: Substitution = {}
    for equation in graph.equations:
        if env:
            equation = equation.replace(inputs=substitute(equation.inputs, env))
        result = _apply(equation, sweep, rules)
        if isinstance(result, Equation):
            sweep.add(result)
        else:
            env.update(zip(equation.flat_outputs, flat(result)))
    if not env and len(sweep.equations) == len(graph.equations) and sweep.equations == list(graph.equations):
        return graph
    outputs = substitute(graph.outputs, env)
    return graph.replace(equations=tuple(sweep.equations), outputs=outputs, constants=sweep.constants)


def _apply(equation: Equation, sweep: Sweep, rules: Sequence[Mapping[str, Rule]]) -> Any:
    for _ in range(_LONGEST):
        for table in rules:
            rule = table.get(equation.op.name)
            result = None if rule is None else rule(equation, sweep)
            if result is not None:
                break
        else:
            return equation
        if not isinstance(result, Equation):
            return result
        equation = result
    return equation


_LONGEST = 8
"""How often one equation is rewritten at most."""

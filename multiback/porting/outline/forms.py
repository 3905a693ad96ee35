"""The graph for training and the graph for inference as one list of statements.

Both come from the same code, so most of their equations are alike. The equations of both are put side by side, scope by
scope; a pair becomes one statement, and where its operands differ a choice between the two forms is put before it. So
the result is right however the pairs are found, and short when they are found well.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.graph.ir import Equation, Graph, Literal, Value, flat, map_tuple
from multiback.porting.outline.blocks import Path, Statement


@dataclass(eq=False)
class Program:
    """A model's computation in both forms.

    Attributes:
        state: Weights, statistics and other state, by name.
        arguments: What the model is called on.
        statements: In order.
        results: What it returns.
        constants: Arrays captured while tracing.
    """

    state: dict[str, Value]
    arguments: tuple[Value, ...]
    statements: list[Statement]
    results: tuple[Value | Literal, ...]
    constants: dict[Value, np.ndarray] = field(default_factory=dict)

    def makers(self) -> dict[Value, Statement]:
        """The statement that makes each value."""
        return {v: s for s in self.statements for v in s.makes}


def merge(graphs: Mapping[bool, Graph]) -> Program:
    """One program of the graphs by the value of `training`, whose state is matched by name and arguments by position.

    Arguments:
        graphs: With one or both of the keys False and True; composites, layouts and names as they are to be printed.
    """
    first = graphs[True] if True in graphs else graphs[False]
    if len(graphs) == 1:
        return _alone(first)
    return _Merging(graphs[True], graphs[False]).program()


def _alone(graph: Graph) -> Program:
    statements = [_statement(e, None) for e in graph.equations]
    for index, value in zip(graph.updates, graph.outputs):
        state = graph.inputs[index]
        if value is not state:
            statements.append(Statement((value,), (), _scope(statements, value), None, target=state))
    return Program(_state(graph), graph.arguments, statements, graph.results, dict(graph.constants))


def _state(graph: Graph) -> dict[str, Value]:
    return {str(v.name): v for v in graph.inputs[: graph.state]}


def _statement(equation: Equation, form: bool | None) -> Statement:
    return Statement(equation.inputs, equation.outputs, _path(equation.scope), form, equation)


def _path(scope: str) -> Path:
    return tuple(p for p in scope.split("/") if p)


def _scope(statements: Sequence[Statement], value: Any) -> Path:
    return next((s.scope for s in reversed(statements) if value in s.makes), ())


class _Merging:
    """Merges the form of training with that of inference; the values of the result are those of training's graph."""

    def __init__(self, training: Graph, inference: Graph) -> None:
        self.training, self.inference = training, inference
        self.state = _state(training)
        self.constants = dict(training.constants)
        self.statements: list[Statement] = []
        # What each value of the two graphs is in the result.
        self.of_training: dict[Value, Any] = {}
        self.of_inference: dict[Value, Any] = {}
        for value, array in training.constants.items():
            first = next(v for v, a in training.constants.items() if _equal(a, array))
            if first is not value:
                self.of_training[value] = first
                del self.constants[value]
        for value in inference.inputs[: inference.state]:
            self.state.setdefault(str(value.name), value)
            self.of_inference[value] = self.state[str(value.name)]
        self.of_inference.update(zip(inference.arguments, training.arguments))
        for value, array in inference.constants.items():
            known = (v for v, a in self.constants.items() if _equal(a, array))
            self.of_inference[value] = found = next(known, value)
            self.constants.setdefault(found, array)
        self.choices: dict[tuple[Any, Any], Value] = {}
        # Where each value of only one form is made.
        self.apart: dict[Value, Path] = {}

    def program(self) -> Program:
        left, right = self.training.equations, self.inference.equations
        matcher = difflib.SequenceMatcher(None, [_key(e) for e in left], [_key(e) for e in right], autojunk=False)
        i = j = 0
        for block in matcher.get_matching_blocks():
            self._unpaired(left[i : block.a], right[j : block.b])
            for a, b in zip(left[block.a : block.a + block.size], right[block.b : block.b + block.size]):
                self._pair(a, b)
            i, j = block.a + block.size, block.b + block.size
        results = tuple(
            self._choice(self._at(self.of_training, a), self._at(self.of_inference, b), ())
            for a, b in zip(self.training.results, self.inference.results)
        )
        self._assign(self.training, self.of_training, True)
        self._assign(self.inference, self.of_inference, False)
        return Program(self.state, self.training.arguments, self.statements, results, self.constants)

    def _unpaired(self, left: Sequence[Equation], right: Sequence[Equation]) -> None:
        for equations, known, form in ((left, self.of_training, True), (right, self.of_inference, False)):
            for equation in equations:
                inputs = map_tuple(functools.partial(self._at, known), equation.inputs)
                self.statements.append(_statement(equation.replace(inputs=inputs), form))
                self.apart.update(dict.fromkeys(equation.flat_outputs, _path(equation.scope)))

    def _pair(self, a: Equation, b: Equation) -> None:
        left = list(flat(map_tuple(lambda x: self._at(self.of_training, x), a.inputs)))
        right = list(flat(map_tuple(lambda x: self._at(self.of_inference, x), b.inputs)))
        chosen = iter([self._choice(x, y, _path(a.scope)) for x, y in zip(left, right)])
        inputs = map_tuple(lambda _: next(chosen), a.inputs)
        for mine, other in zip(a.flat_outputs, b.flat_outputs):
            self.of_inference[other] = mine
        self.statements.append(_statement(a.replace(inputs=inputs), None))

    def _choice(self, x: Any, y: Any, scope: Path) -> Any:
        """A value that is `x` while training and `y` otherwise."""
        if x is y or (isinstance(x, Literal) and x == y):
            return x
        if (x, y) not in self.choices:
            self.choices[x, y] = value = Value(x.shape, x.dtype)
            self.statements.append(Statement((x, y), value, self._home(x, y, scope)))
        return self.choices[x, y]

    def _home(self, x: Any, y: Any, scope: Path) -> Path:
        """Where a choice is made: in the block whose two forms differ, which so hands out one value."""
        places = [self.apart[v] for v in (x, y) if v in self.apart]
        if not places:
            return scope
        length = next((n for n, parts in enumerate(zip(*places)) if len(set(parts)) > 1), min(map(len, places)))
        return places[0][:length]

    def _assign(self, graph: Graph, known: dict[Value, Any], form: bool) -> None:
        for index, value in zip(graph.updates, graph.outputs):
            target = self.state[str(graph.inputs[index].name)]
            new = self._at(known, value)
            if new is not target:
                self.statements.append(Statement((new,), (), _scope(self.statements, new), form, target=target))

    @staticmethod
    def _at(known: dict[Value, Any], x: Any) -> Any:
        return known.get(x, x) if isinstance(x, Value) else x


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a is b or (a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())


def _key(equation: Equation) -> Any:
    """Equal for equations that may become one statement."""
    attributes = tuple(
        (k, _graph_key(v) if isinstance(v, Graph) else _hashable(v)) for k, v in equation.attributes.items()
    )
    operands = repr(map_tuple(_operand_kind, equation.inputs))
    results = repr(map_tuple(lambda v: v.spec, equation.outputs))
    return equation.scope, equation.op.name, attributes, operands, results


def _operand_kind(x: Any) -> str:
    return "None" if x is None else f"={x.value!r}" if isinstance(x, Literal) else str(x.spec)


def _hashable(x: Any) -> Any:
    try:
        hash(x)
    except TypeError:
        return repr(x)
    return x


def _graph_key(graph: Graph) -> str:
    # A sub-graph prints with canonical names, so equal texts are equal computations, captures and constants aside.
    return str(graph) + repr([a.tobytes() for a in graph.constants.values()])

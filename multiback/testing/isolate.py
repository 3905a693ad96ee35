"""One equation as a graph of its own, alone or with its gradient, as an adapter meets it inside a larger graph."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback import ops
from multiback.dtypes import int8
from multiback.graph import dims
from multiback.graph.dims import Dim
from multiback.graph.ir import Equation, Graph, Spec, Value, flat, map_tuple
from multiback.graph.slices import Slice
from multiback.graph.trace import current_builder, trace


@dataclass(frozen=True)
class Isolated:
    """A graph around one equation.

    Attributes:
        graph: Its inputs are named after the op's parameters.
        operands: The values of the larger graph that its first inputs stand for.
        order: For each of the equation's outputs, its place among the graph's.
        active: With a gradient: the operands that are differentiated.
    """

    graph: Graph
    operands: tuple[Value, ...]
    order: tuple[int, ...]
    active: tuple[Value, ...] = ()


def alone(
    equation: Equation,
    constants: Mapping[Value, np.ndarray],
    sizes: Mapping[str, int],
    replaced: Mapping[Value, Value],
) -> Isolated:
    """The graph of one equation.

    Arguments:
        equation: Any.
        constants: Operands among these stay constants.
        sizes: The named sizes.
        replaced: State inputs of the larger graph and their new values; those that the equation computes stay state.
    """
    values = operands_of(equation)
    outputs = equation.flat_outputs
    state = [x for x in values if replaced.get(x) in outputs and x not in constants]
    fixed = {x: constants[x] for x in values if x in constants}
    given = [x for x in values if x not in fixed and x not in state]
    named = {x: Value(x.shape, x.dtype, name) for x, name in _names(equation, values).items()}
    copy = equation.replace(inputs=map_tuple(lambda x: named.get(x, x) if isinstance(x, Value) else x, equation.inputs))
    new = [replaced[x] for x in state]
    order = [*new, *(y for y in outputs if y not in new)]
    graph = Graph(
        equation.op.name,
        (*(named[x] for x in [*state, *given]), *_carriers(equation, [*state, *given], sizes)),
        (copy,),
        tuple(order),
        len(state),
        tuple(range(len(state))),
        {named[x]: array for x, array in fixed.items()},
    )
    return Isolated(graph, (*state, *given), tuple(order.index(y) for y in outputs))


def with_gradient(equation: Equation, active: Collection[Value], sizes: Mapping[str, int]) -> Isolated:
    """The graph `(operands, cotangents) -> (outputs, cotangents of the active operands)` of one equation.

    Arguments:
        equation: With float outputs.
        active: The values that are differentiated.
        sizes: The named sizes.
    """
    values = operands_of(equation)
    names = _names(equation, values)
    wrt = [x for x in values if x in active]
    rest = [x for x in values if x not in active]
    floats = [y for y in equation.flat_outputs if y.dtype.is_float]
    carriers = _carriers(equation, [*wrt, *rest], sizes)

    def differentiated(*arrays: Any) -> Any:
        given = dict(zip([*wrt, *rest], arrays))
        cotangents = arrays[len(values) + len(carriers) :]

        def pulled(*leaves: Any) -> Any:
            builder = current_builder()
            assert builder is not None
            env = {**given, **dict(zip(wrt, leaves))}
            inputs = map_tuple(lambda x: builder.lift(env[x]) if isinstance(x, Value) else x, equation.inputs)
            call = {**dict(zip(equation.op.operands, inputs)), **equation.attributes}
            outputs = builder.emit(equation.op, call, map_tuple(lambda v: v.spec, equation.outputs))
            found = dict(zip(equation.flat_outputs, flat(outputs)))
            terms = [ops.sum(ops.multiply(found[y], g)) for y, g in zip(floats, cotangents)]
            total = terms[0]
            for term in terms[1:]:
                total = ops.add(total, ops.cast(term, total.dtype))
            return total, tuple(found.values())

        both = ops.value_and_grad(pulled, argnums=tuple(range(len(wrt))), has_aux=True)
        (_, outputs), gradients = both(*(given[x] for x in wrt))
        return outputs, gradients

    graph = trace(
        differentiated, *(Spec(v.shape, v.dtype) for v in [*wrt, *rest, *carriers, *floats]), name=equation.op.name
    ).graph
    labels = [*(names[x] for x in [*wrt, *rest]), *(c.name for c in carriers)]
    labels += [f"cotangent_{i}" if len(floats) > 1 else "cotangent" for i in range(len(floats))]
    for value, label in zip(graph.inputs, labels):
        value.name = label
    return Isolated(graph, (*wrt, *rest), tuple(range(len(equation.flat_outputs))), tuple(wrt))


def carried(isolated: Isolated, sizes: Mapping[str, int]) -> list[np.ndarray]:
    """The arrays that bind the named sizes: they have these sizes and no meaning."""
    extra = isolated.graph.inputs[len(isolated.operands) :]
    carriers = [v for v in extra if (v.name or "").startswith("size_")]
    return [np.zeros([dims.evaluate(n, sizes) for n in v.shape], np.int8) for v in carriers]


def operands_of(equation: Equation) -> list[Value]:
    """The values that an equation reads, each once."""
    return [x for x in dict.fromkeys(equation.flat_inputs) if isinstance(x, Value)]


def narrowed(equation: Equation, output: int) -> Equation | None:
    """An update of many arrays as the same update of the one array that an output belongs to; None if it is none."""
    columns = [x for x in equation.inputs if isinstance(x, tuple)]
    outputs = equation.outputs if isinstance(equation.outputs, tuple) else ()
    nested = all(isinstance(row, tuple) for row in outputs)
    lengths = {len(x) for x in (*columns, *(outputs if nested else [outputs]))} - {0}  # type: ignore[arg-type]
    if len(lengths) != 1 or not columns or not outputs:
        return None
    count = lengths.pop()
    at = output % count

    def one(x: Any) -> Any:
        return x[at : at + 1] if isinstance(x, tuple) else x

    if count == 1:
        return None
    rest = tuple(map(one, outputs)) if nested else one(outputs)
    return equation.replace(inputs=tuple(map(one, equation.inputs)), outputs=rest)


def signature(equation: Equation) -> Any:
    """What two equations of an op share when one compiled graph serves both, attributes aside."""
    position = {x: i for i, x in enumerate(operands_of(equation))}
    return map_tuple(
        lambda x: (position[x], x.spec) if isinstance(x, Value) else None if x is None else x.key, equation.inputs
    )


def _names(equation: Equation, values: Sequence[Value]) -> dict[Value, str]:
    names: dict[Value, str] = {}
    for parameter, operand in zip(equation.op.operands, equation.inputs):
        several = [x for x in flat(operand) if isinstance(x, Value)]
        for i, x in enumerate(several):
            names.setdefault(x, f"{parameter}_{i}" if len(several) > 1 else parameter)
    return {x: names[x] for x in values}


def _carriers(equation: Equation, operands: Sequence[Value], sizes: Mapping[str, int]) -> list[Value]:
    """Inputs whose only purpose is to bind the named sizes that no operand's shape binds."""
    bound = {n.name for x in operands for n in x.shape if isinstance(n, Dim) and n.name}
    needed: dict[str, None] = {}
    _collect(
        [*(v.shape for v in [*operands, *equation.flat_outputs]), *equation.attributes.values()], needed.setdefault
    )
    return [Value((Dim.named(n),), int8, f"size_{n}") for n in needed if n in sizes and n not in bound]


def _collect(x: Any, add: Callable[[str], Any]) -> None:
    """Calls `add` with every named size in attributes, shapes and sub-graphs."""
    if isinstance(x, Dim):
        for name in sorted(dims.names(x)):
            add(name)
    elif isinstance(x, tuple | list):
        for item in x:
            _collect(item, add)
    elif isinstance(x, Slice):
        _collect((x.start, x.stop, x.step), add)
    elif isinstance(x, Graph):
        for equation in x.walk():
            _collect([*(v.shape for v in equation.flat_outputs), *equation.attributes.values()], add)

"""A recorded graph put into the graph that is being recorded, for inputs of other sizes if need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multiback.errors import ShapeError
from multiback.graph import dims
from multiback.graph.dims import Dim, Size
from multiback.graph.ir import Equation, Graph, Value, map_tuple
from multiback.graph.slices import Slice
from multiback.graph.trace import Builder, current_scope


def inline(builder: Builder, graph: Graph, operands: Sequence[Any]) -> list[Any]:
    """Records the equations of `graph` with these operands for its inputs; the outputs.

    Arguments:
        builder: What records.
        graph: Its symbolic sizes become those of the operands.
        operands: Values, Variables or arrays, one for each input, of its rank and dtype.

    Raises:
        ShapeError: if a shape does not fit the input's.
    """
    lifted = [builder.lift(x) for x in operands]
    sizes = bound_sizes(graph.inputs, [x.shape for x in lifted])
    if any(size != Dim.named(name) for name, size in sizes.items()):
        graph = resized(graph, sizes)
    env: dict[Value, Any] = dict(zip(graph.inputs, lifted))
    for value, array in graph.constants.items():
        env[value] = builder.constant(array)

    def operand(x: Any) -> Any:
        return env[x] if isinstance(x, Value) else x

    def output(x: Value) -> Value:
        env[x] = builder.fresh(x.spec, x.name)
        return env[x]

    around = current_scope()
    for equation in graph.equations:
        scope = f"{around}/{equation.scope}".strip("/") if equation.scope else around
        inputs = map_tuple(operand, equation.inputs)
        builder.equations.append(
            equation.replace(inputs=inputs, outputs=map_tuple(output, equation.outputs), scope=scope)
        )
    return [operand(x) for x in graph.outputs]


def bound_sizes(inputs: Sequence[Value], shapes: Sequence[Sequence[Size]]) -> dict[str, Size]:
    """What the named sizes of a graph's inputs are for inputs of these shapes.

    Raises:
        ShapeError: if a shape has another rank, another fixed size, or two shapes disagree.
    """
    sizes: dict[str, Size] = {}
    for value, shape in zip(inputs, shapes, strict=True):
        if len(shape) != value.ndim:
            raise _mismatch(value, shape)
        for want, got in zip(value.shape, shape):
            name = want.name if isinstance(want, Dim) else None
            if name is not None and sizes.setdefault(name, got) != got and dims.common(sizes[name], got) is None:
                raise ShapeError(
                    f"Input {value.name!r} has shape {_shown(shape)}, but {name} is {sizes[name]} in another input."
                )
    for value, shape in zip(inputs, shapes, strict=True):
        for want, got in zip(value.shape, shape):
            size = dims.substitute(want, sizes.get)
            if size != got and dims.common(size, got) is None:
                raise _mismatch(value, shape)
    return sizes


def resized(graph: Graph, sizes: Mapping[str, Size]) -> Graph:
    """The graph with its named sizes replaced, in shapes and attributes, sub-graphs included."""
    values: dict[Value, Value] = {}

    def value(x: Value) -> Value:
        if x not in values:
            shape = tuple(dims.substitute(size, sizes.get) for size in x.shape)
            values[x] = x if shape == x.shape else Value(shape, x.dtype, x.name)
        return values[x]

    def operand(x: Any) -> Any:
        return value(x) if isinstance(x, Value) else x

    def attribute(x: Any) -> Any:
        if isinstance(x, Dim):
            return dims.substitute(x, sizes.get)
        if isinstance(x, tuple):
            return tuple(map(attribute, x))
        if isinstance(x, Slice):
            return Slice(attribute(x.start), attribute(x.stop), x.step)
        return resized(x, sizes) if isinstance(x, Graph) else x

    def equation(x: Equation) -> Equation:
        return x.replace(
            inputs=map_tuple(operand, x.inputs),
            attributes={k: attribute(v) for k, v in x.attributes.items()},
            outputs=map_tuple(value, x.outputs),
        )

    return graph.replace(
        inputs=tuple(map(value, graph.inputs)),
        equations=tuple(map(equation, graph.equations)),
        outputs=tuple(map(operand, graph.outputs)),
        constants={value(x): array for x, array in graph.constants.items()},
    )


def _mismatch(value: Value, shape: Sequence[Size]) -> ShapeError:
    return ShapeError(f"Input {value.name!r} expects shape {_shown(value.shape)}, got {_shown(shape)}.")


def _shown(shape: Sequence[Size]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"

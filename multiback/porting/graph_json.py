"""Graphs as JSON and back: each op of a file is looked up by name and applied anew; nothing in it is trusted."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import MultibackError, SavingError
from multiback.graph import dims
from multiback.graph.check import check
from multiback.graph.dims import Dim, Size
from multiback.graph.ir import Graph, Literal, Spec, Value, flat
from multiback.graph.op import OPS
from multiback.graph.slices import Slice
from multiback.graph.trace import Builder, scope

_WORDS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def graph_to_json(graph: Graph) -> dict[str, Any]:
    """A graph as JSON types.

    Values are numbered: inputs first, then constants, then the outputs of the equations in order.
    """
    numbers: dict[Value, int] = {}
    for value in [*graph.inputs, *graph.constants]:
        numbers[value] = len(numbers)
    equations = []
    for equation in graph.equations:
        inputs = [_operand(x, numbers) for x in equation.inputs]
        for value in equation.flat_outputs:
            numbers[value] = len(numbers)
        attributes = {k: _attribute(v) for k, v in equation.attributes.items()}
        equations.append([equation.op.name, inputs, attributes, equation.scope])
    return {
        "name": graph.name,
        "inputs": [{**spec_to_json(v.spec), "name": v.name} for v in graph.inputs],
        "constants": [_array(a) for a in graph.constants.values()],
        "equations": equations,
        "outputs": [_operand(x, numbers) for x in graph.outputs],
        "state": graph.state,
        "updates": list(graph.updates),
    }


def graph_from_json(config: Any, label: str = "The file") -> Graph:
    """The graph that JSON describes.

    Raises:
        SavingError: if it names an op that is not ours, refers to a value that is not there, or breaks a rule of an op.
    """
    try:
        return check(_graph(config))
    except RecursionError as error:
        raise SavingError(f"{label} holds a graph that is nested too deeply.") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        if isinstance(error, MultibackError):
            raise SavingError(f"{label} holds a graph that is not valid: {error}") from error
        raise SavingError(f"{label} holds a graph that is damaged ({type(error).__name__}: {error}).") from error


def _graph(config: Mapping[str, Any]) -> Graph:
    builder = Builder(str(config["name"]))
    builder.stateful = False
    values: list[Any] = [builder.input(spec_from_json(x), x["name"]) for x in config["inputs"]]
    values += [builder.constant(_array_from(x)) for x in config["constants"]]

    def operand(x: Any) -> Any:
        if x is None:
            return None
        if isinstance(x, list):
            return tuple(map(operand, x))
        if isinstance(x, Mapping):
            return Literal(_number_from(x["literal"]), dtypes.as_dtype(x["dtype"]))
        if not 0 <= x < len(values):
            raise SavingError(f"Value {x} is used before it is defined.")
        return values[x]

    def record() -> None:
        for name, inputs, attributes, path in config["equations"]:
            op = OPS.get(name)
            if op is None:
                raise SavingError(f"{name!r} is not an op of multiback.")
            if len(inputs) != len(op.operands) or set(attributes) != set(op.attributes):
                raise SavingError(f"The arguments of {name!r} are not those of the op.")
            call = {**dict(zip(op.operands, map(operand, inputs)))}
            call.update({k: _attribute_from(v) for k, v in attributes.items()})
            with scope(str(path)):
                values.extend(flat(builder.apply(op, call)))

    builder.run(record)
    return Graph(
        builder.name,
        tuple(builder.inputs),
        tuple(builder.equations),
        tuple(map(operand, config["outputs"])),
        state=int(config["state"]),
        updates=tuple(map(int, config["updates"])),
        constants=builder.constants,
    )


def spec_to_json(spec: Spec) -> dict[str, Any]:
    """A shape and dtype as JSON types."""
    return {"shape": [_size(n) for n in spec.shape], "dtype": str(spec.dtype)}


def spec_from_json(config: Mapping[str, Any]) -> Spec:
    """The shape and dtype that JSON describes."""
    return Spec(tuple(_size_from(n) for n in config["shape"]), dtypes.as_dtype(config["dtype"]))


def _operand(x: Any, numbers: Mapping[Value, int]) -> Any:
    if isinstance(x, tuple):
        return [_operand(item, numbers) for item in x]
    if isinstance(x, Literal):
        return {"literal": _number(x.value), "dtype": str(x.dtype)}
    return None if x is None else numbers[x]


def _number(x: Any) -> Any:
    if isinstance(x, complex):
        return {"complex": [_number(x.real), _number(x.imag)]}
    if isinstance(x, float) and not math.isfinite(x):
        return {"float": str(x)}
    return x


def _number_from(x: Any) -> Any:
    if isinstance(x, Mapping):
        if "complex" in x:
            return complex(*map(_number_from, x["complex"]))
        return _WORDS[x["float"]]
    if not isinstance(x, bool | int | float):
        raise SavingError(f"{str(x)[:40]!r} is not a number.")
    return x


def _size(size: Size) -> Any:
    if not isinstance(size, Dim):
        return int(size)
    if size.name is not None:
        return size.name
    return {"sum": [[coefficient, [_atom(a) for a in monomial]] for monomial, coefficient in size.terms]}


def _atom(atom: Any) -> Any:
    return str(atom.arguments[0]) if atom.kind == "name" else [atom.kind, *map(_size, atom.arguments)]


def _size_from(x: Any) -> Size:
    if isinstance(x, int):
        return x
    if isinstance(x, str):
        return Dim.named(x)
    total: Size = 0
    for coefficient, monomial in x["sum"]:
        product: Size = int(coefficient)
        for atom in monomial:
            product = product * _atom_from(atom)
        total = total + product
    return total


def _atom_from(x: Any) -> Size:
    if isinstance(x, str):
        return Dim.named(x)
    kind, left, right = x[0], _size_from(x[1]), _size_from(x[2])
    if kind == "max":
        return dims.maximum(left, right)
    return {"//": left // right, "%": left % right}[kind]


def _attribute(x: Any) -> Any:
    if isinstance(x, dtypes.DType):
        return {"dtype": str(x)}
    if x is None or isinstance(x, bool | int | str):
        return x
    if isinstance(x, float | complex):
        number = _number(x)
        return number if isinstance(number, float) else {"number": number}
    if isinstance(x, Dim):
        return {"size": _size(x)}
    if isinstance(x, tuple):
        return [_attribute(item) for item in x]
    if isinstance(x, Slice):
        return {"slice": [_attribute(x.start), _attribute(x.stop), x.step]}
    if isinstance(x, Graph):
        return {"graph": graph_to_json(x)}
    if x is Ellipsis:
        return {"ellipsis": True}
    raise SavingError(f"An attribute of type {type(x).__name__} cannot be saved.")


def _attribute_from(x: Any) -> Any:
    if isinstance(x, list):
        return tuple(map(_attribute_from, x))
    if not isinstance(x, Mapping):
        return x
    kind, value = next(iter(x.items()))
    if kind == "number":
        return _number_from(value)
    if kind == "dtype":
        return dtypes.as_dtype(value)
    if kind == "size":
        return _size_from(value)
    if kind == "slice":
        return Slice(_attribute_from(value[0]), _attribute_from(value[1]), value[2])
    if kind == "graph":
        return _graph(value)
    if kind == "ellipsis":
        return Ellipsis
    raise SavingError(f"{kind!r} is not a kind of attribute.")


def _array(array: np.ndarray) -> dict[str, Any]:
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"shape": list(array.shape), "dtype": str(dtypes.as_dtype(array.dtype)), "data": data}


def _array_from(config: Mapping[str, Any]) -> np.ndarray:
    data = base64.b64decode(config["data"], validate=True)
    # The size is that of the data, so that a file takes no more memory than it has bytes.
    array = np.frombuffer(data, dtypes.as_dtype(config["dtype"]).numpy)
    return array.reshape(tuple(map(int, config["shape"])))

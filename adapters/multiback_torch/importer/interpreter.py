"""Runs a program of torch in `multiback.ops`, node by node."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from multiback import dtypes, ops
from multiback.errors import MultibackError, PortError, UnsupportedModel
from multiback.graph.dims import Dim, product
from multiback.graph.ir import Value
from multiback.graph.trace import current_builder
from multiback.porting.scopes import module_scope, note_class
from multiback_torch.importer import calls, decomposition, dimensions, failures, higher_order
from multiback_torch.importer.aliasing import Aliases
from multiback_torch.importer.handlers import Context, wants_context
from multiback_torch.importer.program import Program
from multiback_torch.importer.tensors import as_dtype, to_numpy

_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


class Interpreter:
    """One run of a program on abstract values.

    Arguments:
        program: What to run.
        weights: Variables by name.
        key: Gives random keys.
        training: Whether dropout drops and batch norm takes the statistics of the batch.
        averaging: Buffers of running means whose batch norm averages over all batches.
    """

    def __init__(
        self,
        program: Program,
        weights: Mapping[str, Any],
        key: Callable[[], Any],
        training: bool,
        averaging: frozenset[str] = frozenset(),
    ) -> None:
        self.program = program
        self.weights = weights
        self.key = key
        self.training = training
        self.averaging = averaging

    def run(self, arrays: Sequence[Any]) -> list[Any]:
        """The results for the arrays among the arguments; new values of buffers are assigned."""
        program = self.program
        given = dict(zip(program.arrays, arrays))
        values: dict[Any, Any] = {}
        states: dict[Any, str] = {}
        for node in program.exported.graph.nodes:
            if node.op != "placeholder":
                continue
            if node.name in given:
                values[node] = given[node.name]
            elif node.name in program.states:
                states[node] = program.states[node.name]
            elif node.name in program.constants:
                values[node] = to_numpy(program.constants[node.name])
        frame = _Frame(self, program.exported.graph_module, values, states)
        frame.execute(written=[n for n in program.updates.values() if n is not None])
        for name, node in program.updates.items():
            self.weights[name].assign(frame.read(node))
        return [frame.read(x) for x in program.results]


class _Frame:
    """The values of one graph: the program itself, or a sub-program of it."""

    def __init__(
        self, interpreter: Interpreter, graph_module: Any, values: dict[Any, Any], states: dict[Any, str]
    ) -> None:
        self.interpreter = interpreter
        self.graph_module = graph_module
        self.values = values
        self.states = states
        self.written: set[Any] = set()
        self.aliases = Aliases(self, graph_module.graph)

    def execute(self, written: Sequence[Any] = ()) -> Any:
        """Runs all nodes that the output, or something written in place, depends on; returns the output's argument."""
        graph = self.graph_module.graph
        needed = needed_nodes(graph, tuple(written))
        output = None
        for node in graph.nodes:
            if node.op == "output":
                output = node.args[0]
            elif node in needed and node.op in ("call_function", "get_attr"):
                self.values[node] = self._value(node)
        return output

    def read(self, x: Any) -> Any:
        """The value of what a program names: nodes, and lists of them; dtypes and places as handlers get them."""
        if isinstance(x, torch.fx.Node):
            if x in self.values:
                return self.values[x]
            self.values[x] = value = self._state(x)
            return value
        if isinstance(x, list | tuple):
            return [self.read(item) for item in x]
        if isinstance(x, torch.SymInt):
            return dimensions.as_size(x, self.interpreter.program.names)
        return calls.plain(x)

    def _state(self, node: Any) -> Any:
        if node not in self.states:
            raise PortError(f"Node {node.name!r} of the program was read before it had a value.")
        variable, builder = self.interpreter.weights[self.states[node]], current_builder()
        return variable if builder is None else builder.lift(variable)

    def assign(self, node: Any, value: Any) -> None:
        """Gives a node another value: what was written into it in place.

        Raises:
            UnsupportedModel: if it is an argument of the model.
        """
        self.values[node] = value
        self.written.add(node)
        if node in self.states:
            self.interpreter.weights[self.states[node]].assign(value)
        elif (
            self.graph_module is self.interpreter.program.graph_module and node.name in self.interpreter.program.arrays
        ):
            raise failures.changed_input(node.name)

    def again(self, node: Any) -> None:
        """Computes a node once more, after what it is a view of has changed."""
        self.values[node] = self._value(node)

    def _value(self, node: Any) -> Any:
        if node.op == "get_attr":
            found: Any = self.graph_module
            for part in node.target.split("."):
                found = getattr(found, part)
            return to_numpy(found) if isinstance(found, torch.Tensor) else found
        path, name = _scope(node)
        try:
            with module_scope(path, name, absolute=True):
                return self._called(node)
        except UnsupportedModel:
            raise
        except MultibackError as error:
            raise PortError(f"{node.target} at {failures.node_place(node)}: {error}") from error

    def _called(self, node: Any) -> Any:
        recorded = node.meta.get("val")
        if isinstance(recorded, torch.SymInt):
            return dimensions.as_size(recorded, self.interpreter.program.names)
        if isinstance(recorded, int) and not isinstance(recorded, bool):
            return recorded
        op = node.target
        if op is operator.getitem:
            self.aliases.note(node)
            return self.read(node.args[0])[node.args[1]]
        if isinstance(op, torch._ops.HigherOrderOperator):
            return higher_order.run(self, node)
        if calls.op_names(op)[-1] in _SIZES:
            return _SIZES[calls.op_names(op)[-1]](*(self.read(x) for x in node.args))
        if not isinstance(op, torch._ops.OpOverload):
            return _on_numbers(op, [self.read(x) for x in node.args])
        value = checked(node, recorded, self._applied(node, op))
        self.aliases.note(node)
        if (target := calls.written(node)) is not None:
            self.aliases.write(node, target, value)
        return value

    def _applied(self, node: Any, op: Any) -> Any:
        handler = calls.find(op)
        if handler is None:
            part = decomposition.of(node)
            if part is None:
                raise UnsupportedModel(f"{calls.op_names(op)[-1]} has no handler.", ops={calls.op_names(op)[-1]: 1})
            return part.rebuilt(self.run(part.graph_module, tuple(self.read(x) for x in part.inputs)))
        args, kwargs = calls.bound(op, node.args, node.kwargs, self.read)
        if wants_context(handler):
            kwargs["context"] = self._context(node)
        return handler(*args, **kwargs)

    def _context(self, node: Any) -> Context:
        interpreter = self.interpreter
        recorded = node.meta.get("val")
        tensors = [t for t in (recorded if isinstance(recorded, list | tuple) else [recorded]) if _is_tensor(t)]
        return Context(
            training=interpreter.training,
            key=interpreter.key,
            weights=interpreter.weights,
            weight_names=tuple(self.states.get(x) if isinstance(x, torch.fx.Node) else None for x in node.args),
            averaging=interpreter.averaging,
            node=node,
            run=self.run,
            shapes=tuple(tuple(dimensions.as_size(s, interpreter.program.names) for s in t.shape) for t in tensors),
            dtypes=tuple(as_dtype(t.dtype) for t in tensors),
        )

    def run(self, graph_module: Any, inputs: Sequence[Any], origins: Sequence[Any] = ()) -> tuple[Any, ...]:
        """The results of a sub-program on these values; `origins` are the nodes here that the values come from."""
        places = [n for n in graph_module.graph.nodes if n.op == "placeholder"]
        states = {p: self.states[o] for p, o in zip(places, origins) if o in self.states}
        frame = _Frame(self.interpreter, graph_module, dict(zip(places, inputs)), states)
        results = frame.read(frame.execute())
        for place, origin in zip(places, origins):
            if place in frame.written and isinstance(origin, torch.fx.Node):
                self.assign(origin, frame.values[place])
        return tuple(results) if isinstance(results, list) else (results,)


def needed_nodes(graph: Any, written: tuple[Any, ...]) -> set[Any]:
    """The nodes that the output or a change in place depends on; the others are checks, or left over."""
    waiting = [*written]
    for node in graph.nodes:
        writes = calls.written(node) is not None or (node.op == "call_function" and has_statistics(node))
        if node.op == "output" or writes:
            waiting.append(node)
    found: set[Any] = set()
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(node.all_input_nodes)
    return found


def has_statistics(node: Any) -> bool:
    """Whether a node keeps running statistics in buffers, which torch's schema does not tell."""
    return calls.op_names(node.target)[-1] in ("aten.batch_norm", "aten.instance_norm")


def _is_tensor(x: Any) -> bool:
    return isinstance(x, torch.Tensor)


def checked(node: Any, recorded: Any, value: Any) -> Any:
    """A handler's result, held against what torch recorded (rank, fixed sizes, kind of dtype), cast to its width.

    Raises:
        PortError: if it is something else.
    """
    if isinstance(recorded, list | tuple) and isinstance(value, list | tuple):
        return [checked(node, r, v) for r, v in zip(recorded, value)]
    if not _is_tensor(recorded) or value is None:
        return value
    if isinstance(value, bool | int | float | complex):
        value = np.asarray(value, as_dtype(recorded.dtype).numpy)
    if isinstance(value, Dim):
        value = ops.dimension(value, as_dtype(recorded.dtype))
    shape, expected = tuple(value.shape), recorded.shape
    if len(shape) != len(expected) or any(
        isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(shape, expected)
    ):
        raise PortError(f"its handler gives shape {shape}, torch says {tuple(expected)}. Correct the handler.")
    dtype = as_dtype(recorded.dtype)
    actual = dtypes.as_dtype(value.dtype)
    if actual == dtype:
        return value
    if _KINDS[actual.kind] != _KINDS[dtype.kind]:
        raise PortError(f"its handler gives {actual}, torch says {dtype}. Correct the handler.")
    return value.astype(dtype.numpy) if isinstance(value, np.ndarray) else ops.cast(value, dtype)


def _scope(node: Any) -> tuple[str, str]:
    """The path and class of the module that asked for a node."""
    stack = node.meta.get("nn_module_stack")
    if not stack:
        return "", ""
    path, name = "", ""
    for path, kind in stack.values():
        if path.startswith("_empty_nn"):
            return "", ""
        name = (kind if isinstance(kind, str) else kind.__name__).rpartition(".")[2]
        path = path.partition("@")[0].replace(".", "/")
        note_class(path, name)
    return path, name


def _on_numbers(op: Any, args: list[Any]) -> Any:
    """A Python function of sizes that gives no integer: a comparison, or a float."""
    name = getattr(op, "__name__", str(op))
    if not any(isinstance(x, Value) for x in args) and (op in _ON_SIZES or not any(isinstance(x, Dim) for x in args)):
        return op(*args)
    if name in ("eq", "ne", "lt", "le", "gt", "ge", "not_", "and_", "or_", "sym_not"):
        return {"sym_not": lambda x: not x}.get(name, op)(*args)
    function = _FLOATS.get(name)
    if function is None:
        raise UnsupportedModel(f"{name}() of sizes cannot be ported.", ops={name: 1})
    return function(*(ops.dimension(x, dtypes.float32) if isinstance(x, Dim) else x for x in args))


_SIZES: Mapping[str, Callable[..., Any]] = {
    "aten.sym_size": lambda x, axis: x.shape[axis],
    "aten.sym_numel": lambda x: product(x.shape),
}
_ON_SIZES = (operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.neg)
_FLOATS: Mapping[str, Callable[..., Any]] = {
    "sym_float": lambda x: x,
    "truediv": ops.divide,
    "add": ops.add,
    "sub": ops.subtract,
    "mul": ops.multiply,
    "pow": ops.power,
    "neg": ops.negative,
    "sqrt": ops.sqrt,
    "_sym_sqrt": ops.sqrt,
    "sym_sqrt": ops.sqrt,
    "exp": ops.exp,
    "log": ops.log,
    "sym_max": ops.maximum,
    "sym_min": ops.minimum,
    "floor": ops.floor,
    "ceil": ops.ceil,
}

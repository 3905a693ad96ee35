"""Tracing: call a Python function with abstract values and record what it does as one Graph."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import optree

from multiback import dtypes, tree
from multiback.errors import DtypeError, StateError, TraceError
from multiback.graph.dims import Dim
from multiback.graph.host import as_host_array
from multiback.graph.ir import Equation, Graph, Literal, Spec, Value, flat, map_tuple
from multiback.graph.op import OPS, Op
from multiback.graph.operators import Operators

_BUILDER: ContextVar[Builder | None] = ContextVar("multiback_builder", default=None)
_SCOPE: ContextVar[str] = ContextVar("multiback_scope", default="")
_OURS = tuple(os.path.join(os.path.dirname(f), "") for f in (os.path.dirname(__file__), optree.__file__))
"""Folders whose frames are not a person's: this package, and the trees that call its functions."""


def current_builder() -> Builder | None:
    """The graph being recorded in this context, if any."""
    return _BUILDER.get()


@contextlib.contextmanager
def scope(name: str, absolute: bool = False) -> Iterator[None]:
    """Marks the equations recorded inside as asked for by `name` (a layer), below what is around unless `absolute`."""
    outer = "" if absolute else _SCOPE.get()
    token = _SCOPE.set(f"{outer}/{name}" if outer else name)
    try:
        yield
    finally:
        _SCOPE.reset(token)


def current_scope() -> str:
    """The path of layers in which we are."""
    return _SCOPE.get()


def user_line() -> str:
    """`file:line` of the nearest caller in a person's own code."""
    frame = sys._getframe(1)
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith(_OURS) and not filename.startswith("<"):
            return f"{filename}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""


class Traced(Value, Operators):
    """The abstract array handed to a person's function while it is traced."""

    __slots__ = ()

    @property
    def size(self) -> Any:
        from multiback.graph.dims import product

        return product(self.shape)

    @property
    def T(self) -> Any:
        return OPS["transpose"](self)

    def astype(self, dtype: Any) -> Any:
        return OPS["cast"](self, dtype)

    def reshape(self, *shape: Any) -> Any:
        return OPS["reshape"](self, shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape)

    def __len__(self) -> int:
        if not self.shape:
            raise TraceError("A scalar has no length.")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __multiback_apply__(self, op: Op, call: dict[str, Any]) -> Any:
        raise TraceError(
            f"{user_line()}: {self!r} was used by ops.{op.name} after the function it belongs to had been traced. "
            "Return it from that function, or keep it in a Variable."
        )

    def _concrete(self, what: str) -> NoReturn:
        raise TraceError(
            f"{user_line()}: {what} of {self!r} was asked for while the graph is traced, before it has numbers. "
            "Use ops.cond, ops.where or ops.while_loop for a decision that depends on data, "
            "or compile(run_eagerly=True) to run the same code on real arrays."
        )

    def __bool__(self) -> bool:
        self._concrete("the truth value")

    def __int__(self) -> int:
        self._concrete("the integer value")

    def __float__(self) -> float:
        self._concrete("the float value")

    def __index__(self) -> int:
        self._concrete("the integer value")

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        self._concrete("the NumPy array")

    def numpy(self) -> np.ndarray:
        """Not available while tracing: raises TraceError."""
        self._concrete("the NumPy array")

    def item(self) -> float:
        """Not available while tracing: raises TraceError."""
        self._concrete("the number")


class Builder:
    """Records one graph. Builders nest: an inner one captures the outer values it uses as extra inputs."""

    def __init__(self, name: str, parent: Builder | None = None) -> None:
        self.name = name
        self.parent = parent
        self.inputs: list[Value] = []
        self.equations: list[Equation] = []
        self.constants: dict[Value, np.ndarray] = {}
        self.captures: dict[Value, Value] = {}
        self.state: dict[Any, Value] = {}
        self.assigned: dict[Any, Value] = {}
        self.stateful = True
        self._known: set[Value] = set()
        self._constant_of: dict[int, tuple[Any, Value]] = {}

    def input(self, spec: Spec, name: str | None = None) -> Traced:
        """A new input."""
        value = self.fresh(spec, name)
        self.inputs.append(value)
        return value

    def fresh(self, spec: Spec, name: str | None = None) -> Traced:
        """A new value of this graph."""
        value = Traced(spec.shape, spec.dtype, name)
        self._known.add(value)
        return value

    def constant(self, array: np.ndarray) -> Value:
        """A captured array."""
        if id(array) in self._constant_of:
            return self._constant_of[id(array)][1]
        value = self.fresh(Spec(array.shape, dtypes.as_dtype(array.dtype)))
        self.constants[value] = array
        self._constant_of[id(array)] = (array, value)
        return value

    def lift(self, x: Any) -> Value | Literal:
        """Anything array-like as an operand of this graph."""
        if isinstance(x, Value):
            return self._own(x)
        if isinstance(x, Literal):
            return x
        if isinstance(x, bool | int | float | complex):
            return Literal(x, dtypes.of_scalar(x))
        if isinstance(x, Dim):
            return self.lift(OPS["dimension"](x, dtypes.int32))
        if hasattr(x, "__multiback_variable__"):
            value = self.read(x)
            target = x.cast_to()
            return value if target is None else self.lift(OPS["cast"](value, target))
        return self.constant(as_host_array(x))

    def _own(self, value: Value) -> Value:
        if value in self._known:
            return value
        if value in self.captures:
            return self.captures[value]
        if self.parent is None:
            raise TraceError(
                f"{user_line()}: {value!r} belongs to another trace. Return values from the function that made them, "
                "or keep state in a Variable, instead of storing them on the side."
            )
        self.parent._own(value)
        inner = self.fresh(value.spec, value.name)
        inner.mask = value.mask
        self.captures[value] = inner
        return inner

    @property
    def root(self) -> Builder:
        return self if self.parent is None else self.parent.root

    def read(self, variable: Any) -> Value:
        """The current value of a Variable, which becomes state of the outermost graph."""
        builder: Builder | None = self
        while builder is not None:
            if variable in builder.assigned:
                return self._own(builder.assigned[variable])
            builder = builder.parent
        replacement = variable.replacement()
        if isinstance(replacement, Value):
            return self._own(replacement)
        root = self.root
        if not root.stateful:
            raise StateError(f"Variable {variable.path!r} was read inside a pure op body. Pass it as an operand.")
        if variable not in root.state:
            root.state[variable] = root.fresh(Spec(variable.shape, variable.dtype), variable.path)
        return self._own(root.state[variable])

    def assign(self, variable: Any, value: Any) -> None:
        """Sets what the Variable is from here on."""
        lifted = self.read(value) if hasattr(value, "__multiback_variable__") else self.lift(value)
        if isinstance(lifted, Literal) or lifted.dtype != variable.dtype:
            lifted = self.lift(OPS["cast"](lifted, variable.dtype))
        if lifted.shape != tuple(variable.shape):
            lifted = self.lift(OPS["broadcast_to"](lifted, variable.shape))
        self.read(variable)
        self.assigned[variable] = lifted  # type: ignore[assignment]

    def apply(self, op: Op, call: dict[str, Any]) -> Any:
        """Records one equation and returns its outputs, as the op returns them."""
        for name in op.operands:
            call[name] = self._lift_operand(op, name, call[name])
        for name in op.attributes:
            call[name] = freeze(call[name])
        if op.canonical is not None:
            op.canonical(call)
        if op.accepts:
            _check_kinds(op, call)
        if op.composite:
            self._materialize_numbers(op, call)
            specs = map_tuple(lambda v: v.spec, body_of(op, call).template)
        else:
            specs = op.rule(**call)
        return self.emit(op, call, specs)

    def emit(self, op: Op, call: dict[str, Any], specs: Any) -> Any:
        """Appends an equation whose outputs have these specs."""
        outputs = map_tuple(self.fresh, _as_tuples(specs))
        operands = tuple(call[n] for n in op.operands)
        attributes = {n: call[n] for n in op.attributes}
        self.equations.append(Equation(op, operands, attributes, outputs, _SCOPE.get(), user_line()))
        return outputs

    def _materialize_numbers(self, op: Op, call: dict[str, Any]) -> None:
        operands = tuple(call[n] for n in op.operands)
        if any(isinstance(x, Value) for x in flat(operands)):
            return
        for name in op.operands:
            call[name] = map_tuple(self.materialize, call[name])

    def materialize(self, x: Any) -> Any:
        """A number as a captured array; anything else as it is."""
        return self.constant(np.asarray(x.value, x.dtype.numpy)) if isinstance(x, Literal) else x

    def _lift_operand(self, op: Op, name: str, x: Any) -> Any:
        if x is None:
            return None
        if isinstance(x, list | tuple):
            if name in op.variadic:
                return tuple(self.lift(item) for item in x)
            return self.constant(as_host_array(x))
        return self.lift(x)

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Calls `function` with this builder recording."""
        token = _BUILDER.set(self)
        try:
            return function(*args, **kwargs)
        finally:
            _BUILDER.reset(token)


@dataclass(frozen=True)
class Body:
    """A composite's body for given operands: the graph, and its outputs nested as the op returns them."""

    graph: Graph
    template: Any


def body_of(op: Op, call: dict[str, Any]) -> Body:
    """The body of a composite for operands like these, traced once per signature."""
    operands = tuple(call[n] for n in op.operands)
    attributes = tuple(call[n] for n in op.attributes)
    key = (map_tuple(_operand_key, operands), attributes)
    if key not in op.bodies:
        builder = Builder(op.name)
        builder.stateful = False
        inner = dict(call)
        for name, operand in zip(op.operands, operands):
            inner[name] = map_tuple(lambda x: builder.input(x.spec) if isinstance(x, Value) else x, operand)
        token = _SCOPE.set("")
        try:
            outputs = builder.run(op.rule, **inner)
        finally:
            _SCOPE.reset(token)
        template = map_tuple(builder.lift, _as_tuples(outputs))
        graph = Graph(
            op.name,
            tuple(builder.inputs),
            tuple(builder.equations),
            tuple(flat(template)),
            constants=builder.constants,
        )
        op.bodies[key] = Body(graph, template)
    return op.bodies[key]


@dataclass(frozen=True)
class Inner:
    """A function traced as a sub-graph.

    Attributes:
        graph: Its inputs are the function's arguments, then the captures.
        captures: The outer values it uses.
        structure: Of what the function returned.
        assigned: Variables it assigned, in the order of the graph's last outputs.
    """

    graph: Graph
    captures: tuple[Any, ...]
    structure: Any
    assigned: tuple[Any, ...]


def trace_inner(
    function: Callable[..., Any], arguments: Any, *, name: str, variables: Sequence[Any] = (), extra: Sequence[Any] = ()
) -> Inner:
    """Traces `function(*arguments)` as a sub-graph of the graph being recorded.

    Arguments:
        function: Called with abstract values.
        arguments: A tree of Specs or values, which become its inputs.
        name: Of the sub-graph.
        variables: Variables that become inputs after the arguments, instead of captures.
        extra: Variables whose current value is returned last, whether assigned or not.
    """
    parent = _BUILDER.get()
    builder = Builder(name, parent)
    leaves, structure = tree.flatten(arguments)
    inputs = [builder.input(x if isinstance(x, Spec) else x.spec) for x in leaves]
    for variable in variables:
        builder.assigned[variable] = builder.input(Spec(tuple(variable.shape), variable.dtype), variable.path)
    before = dict(builder.assigned)
    result = builder.run(function, *tree.unflatten(structure, inputs))
    results, structure = tree.flatten_results(result)
    outputs = [builder.lift(x) for x in results]
    assigned = list(dict.fromkeys([*extra, *(v for v in builder.assigned if builder.assigned[v] is not before.get(v))]))
    outputs += [builder.read(v) for v in assigned]
    graph = Graph(
        name,
        (*builder.inputs, *builder.captures.values()),
        tuple(builder.equations),
        tuple(outputs),
        constants=builder.constants,
    )
    captures = tuple(parent.lift(v) for v in builder.captures) if parent else ()
    return Inner(graph, captures, structure, tuple(assigned))


@dataclass(frozen=True)
class Trace:
    """What tracing a function gave.

    Attributes:
        graph: The graph: state inputs, then arguments; new state, then results.
        structure: Of what the function returned.
        variables: The Variables that are the state inputs, in order.
        updated: The Variables that the leading outputs replace, in order.
        masks: The mask of each result, where it has one.
    """

    graph: Graph
    structure: Any
    variables: tuple[Any, ...]
    updated: tuple[Any, ...]


def trace(function: Callable[..., Any], *arguments: Any, name: str = "main") -> Trace:
    """Records what `function` does with abstract arrays.

    Arguments:
        function: Written in `multiback.ops`; may read and assign Variables.
        arguments: Trees whose `Spec` leaves become inputs; other leaves are passed as they are.
        name: Of the graph.

    Returns:
        The `Trace`.

    Raises:
        TraceError: if the function needs the numbers of an abstract array.

    Example:
        >>> from multiback import ops
        >>> print(trace(lambda x: ops.exp(x) + 1, Spec((2,), dtypes.float32)).graph)
        graph main(x0: f32[2])
          a: f32[2] = exp x0
          b: f32[2] = add a 1.0
          return b
    """
    builder = Builder(name)
    leaves, structure = tree.flatten(arguments)
    paths = _argument_names(function, arguments)
    lifted = [builder.input(x, p) if isinstance(x, Spec) else x for x, p in zip(leaves, paths)]
    token = _SCOPE.set("")
    try:
        result = builder.run(function, *tree.unflatten(structure, lifted))
        results, structure = tree.flatten_results(result)
        outputs = [builder.lift(x) for x in results]
    finally:
        _SCOPE.reset(token)
    variables = tuple(builder.state)
    updated = tuple(builder.assigned)
    positions = {v: i for i, v in enumerate(variables)}
    graph = Graph(
        name,
        (*builder.state.values(), *builder.inputs),
        tuple(builder.equations),
        (*builder.assigned.values(), *outputs),
        state=len(variables),
        updates=tuple(positions[v] for v in updated),
        constants=builder.constants,
    )
    return Trace(graph, structure, variables, updated)


def _argument_names(function: Callable[..., Any], arguments: tuple[Any, ...]) -> list[str]:
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    found = []
    for path in tree.paths(arguments):
        head, _, rest = path.partition("/")
        name = names[int(head)] if int(head) < len(names) else f"x{head}"
        found.append(f"{name}/{rest}" if rest else name)
    return found


def _operand_key(x: Any) -> Any:
    return x.key if isinstance(x, Literal) else None if x is None else x.spec


def _as_tuples(tree_: Any) -> Any:
    if isinstance(tree_, list | tuple):
        return tuple(_as_tuples(x) for x in tree_)
    return tree_


def freeze(x: Any) -> Any:
    """An attribute as a hashable value: lists, ranges, shapes of frameworks and arrays become tuples."""
    if isinstance(x, np.generic):
        return x.item()
    if isinstance(x, np.ndarray):
        return freeze(x.tolist())
    if isinstance(x, Sized) and isinstance(x, Iterable) and not isinstance(x, str | bytes | Mapping):
        return tuple(freeze(item) for item in x)
    return x


_KINDS = {"b": "bool", "i": "signed integers", "u": "unsigned integers", "f": "floats", "c": "complex numbers"}


def _check_kinds(op: Op, call: dict[str, Any]) -> None:
    for name in op.operands:
        for x in flat(call[name]):
            if x is not None and x.dtype.kind not in op.accepts:
                accepted = ", ".join(_KINDS[k] for k in op.accepts)
                raise DtypeError(f"{op.name}() takes {accepted}; {name} is {x.dtype}. Cast it with ops.cast.")

"""Generated functions as programs of TensorFlow that hold the tf.Variables of their state."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from multiback.backends.protocol import Options
from multiback.graph.dims import evaluate
from multiback.graph.ir import Graph, flat
from multiback_tensorflow.fast.updates import IN_PLACE
from multiback_tensorflow.lowering._xla import compiling

_CONVOLUTIONS = frozenset({"conv", "depthwise_conv", "conv_transpose"})
"""Their kernels must know while tracing that a batch is empty."""


def _is_not_about_our_programs(record: logging.LogRecord) -> bool:
    # Each program is a tf.function of its own, traced once; TensorFlow takes them for one that is traced again.
    return f"{Bound.__name__}._step" not in record.getMessage()


tf.get_logger().addFilter(_is_not_about_our_programs)


def plainly(function: Callable[..., Any], graph: Graph, state: Any, arguments: Any) -> tuple[list[Any], Any]:
    """A run op by op, on tensors or variables as state."""
    inputs = [tf.convert_to_tensor(x) for x in (*state, *arguments)]
    outputs = [tf.convert_to_tensor(x) for x in function(*inputs)]
    cells = list(outputs[: len(graph.updates)])
    for i, index in enumerate(graph.updates):
        if isinstance(state[index], tf.Variable):
            state[index].assign(cells[i])
            cells[i] = state[index]
    return cells, outputs[len(graph.updates) :]


class Bound:
    """A generated function as a tf.function for the tf.Variables that it is run with.

    It is traced for the sizes that are expected, and for any sizes when others come.
    """

    def __init__(self, function: Callable[..., Any], graph: Graph, options: Options) -> None:
        self.function = function
        self.graph = graph
        self.options = options
        self.updates = graph.updates
        self.resident = _resident_inputs(graph)
        self.convolves = any(e.op.name in _CONVOLUTIONS for e in graph.walk())
        self.state: list[Any] = []
        self.identities: tuple[int, ...] | None = None
        self.expected = [] if options.differentiable else _sizes(graph, dict(options.sizes))
        self.sized: _Program | None = None
        self.general: _Program | None = None
        self.empty: Callable[..., Any] | None = None

    def __call__(self, state: Sequence[Any], arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        if not self.bind(state):
            return plainly(self.function, self.graph, state, arguments)
        program = self.program(arguments)
        results = program(arguments) if tf.executing_eagerly() else program.traced(*arguments)
        return [state[i] for i in self.updates], results

    def bind(self, state: Sequence[Any]) -> bool:
        """Takes these cells for the state; False if not all of them are variables."""
        if self.identities != tuple(map(id, state)):
            if not all(isinstance(v, tf.Variable) for v in state):
                return False
            self.state, self.identities = list(state), tuple(map(id, state))
            self.sized = self.general = self.empty = None
        return True

    def program(self, arguments: Sequence[Any]) -> _Program:
        """The program for arguments of these sizes, traced the first time."""
        if self.expected and all(arguments[i].shape[axis] == n for i, axis, n in self.expected):
            self.sized = self.sized or self._trace(dict(self.options.sizes))
            return self.sized
        if self.convolves and any(0 in a.shape for a in arguments):
            self.empty = self.empty or tf.function(self._step, autograph=False)
            return _Program(self.empty, lambda given: self.empty(*given))  # type: ignore[misc]
        self.general = self.general or self._trace({})
        return self.general

    def _step(self, *arguments: Any) -> tuple[Any, ...]:
        values = [v if i in self.resident else v.read_value() for i, v in enumerate(self.state)]
        with compiling(bool(self.options.jit)):
            outputs = self.function(*values, *arguments)
        count = len(self.updates)
        for index, new in zip(self.updates, outputs[:count]):
            if new is not self.state[index]:
                self.state[index].assign(new, read_value=False)
        return tuple(outputs[count:])

    def _trace(self, sizes: dict[str, int]) -> _Program:
        signature = [
            tf.TensorSpec([_size(n, sizes) for n in v.shape], getattr(tf, v.dtype)) for v in self.graph.arguments
        ]
        jit = True if self.options.jit else None
        function = tf.function(self._step, input_signature=signature, autograph=False, jit_compile=jit)
        if self.options.differentiable:
            return _Program(function, lambda arguments: function(*arguments))
        if jit:
            # The operation that calls a function forgets that XLA is to compile it, one within that function does not.
            compiled = function.get_concrete_function()
            function = tf.function(lambda *a: compiled(*a), input_signature=signature, autograph=False)
        return _program(function.get_concrete_function())


@dataclass(frozen=True)
class _Program:
    """A traced step: what a graph around it calls, and what runs it eagerly on a list of arguments."""

    traced: Callable[..., Any]
    run: Callable[[Sequence[Any]], Sequence[Any]]

    def __call__(self, arguments: Sequence[Any]) -> Sequence[Any]:
        return self.run(arguments)


class Several:
    """Several runs in one call, by a loop around the traced step."""

    def __init__(self, function: Callable[..., Any], graph: Graph, options: Options) -> None:
        self.bound = Bound(function, graph, options)
        self.loops: list[tuple[Any, _Program]] = []

    def __call__(
        self, state: Sequence[Any], fixed: Sequence[Any], varying: Sequence[Any]
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        first = [*fixed, *(x[0] for x in varying)]
        if not self.bound.bind(state) or any(0 in x.shape for x in first):
            return self._one_by_one(state, fixed, varying)
        step = self.bound.program(first).traced
        loop = next((program for known, program in self.loops if known is step), None)
        if loop is None:
            loop = self._looped(step, len(fixed))
            self.loops.append((step, loop))
        return [state[i] for i in self.bound.updates], loop([*fixed, *varying])

    def _one_by_one(self, state: Any, fixed: Any, varying: Any) -> tuple[Sequence[Any], Sequence[Any]]:
        cells: list[Any] = list(state)
        results: Sequence[Any] = ()
        for arguments in zip(*varying, strict=True):
            new, results = self.bound(cells, [*fixed, *arguments])
            for index, cell in zip(self.bound.updates, new):
                cells[index] = cell
        return [cells[i] for i in self.bound.updates], results

    def _looped(self, step: Any, fixed: int) -> _Program:
        specs = [tf.TensorSpec(x.shape, x.dtype) for x in step.inputs[: len(self.bound.graph.arguments)]]
        signature = [*specs[:fixed], *(tf.TensorSpec([None, *x.shape], x.dtype) for x in specs[fixed:])]
        returns = bool(step.outputs)

        def steps(*arguments: Any) -> Any:
            def run(i: Any) -> Any:
                return step(*arguments[:fixed], *(tf.gather(x, i) for x in arguments[fixed:]))

            def body(i: Any) -> tuple[Any]:
                run(i)
                return (i + 1,)

            count = tf.shape(arguments[fixed])[0]
            # Results are those of the last step, which then runs after the loop.
            last = count - 1 if returns else count
            end = tf.while_loop(lambda i: i < last, body, (0,), parallel_iterations=1)
            with tf.control_dependencies(end):
                return run(last) if returns else ()

        return _program(tf.function(steps, input_signature=signature, autograph=False).get_concrete_function())


def _program(traced: Any) -> _Program:
    """A concrete function, run as one operation where that is safe: not where tensors move between devices."""
    alone = all("CPU" in d.device_type for d in tf.config.list_logical_devices())
    return _Program(traced, _as_one_operation(traced) if alone else lambda arguments: traced(*arguments))


def _as_one_operation(concrete: Any) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """A concrete function run by the operation that calls it, without the Python around it: no tape records it."""
    captured, kinds = list(concrete.captured_inputs), [y.dtype for y in concrete.outputs]
    settings = _settings()
    call = tf.raw_ops.StatefulPartitionedCall

    def run(arguments: Sequence[Any]) -> Sequence[Any]:
        # An operation without results gives None or itself.
        found = call(args=[*arguments, *captured], Tout=kinds, f=concrete, config_proto=settings)
        return found if kinds else ()

    return run


def _settings() -> bytes:
    """What a person set for the optimizer of graphs (tf.config.optimizer), but without its fused kernels.

    A product fused with its ReLU turns NaN into 0, and none of them measured quicker.
    """
    settings = tf.compat.v1.ConfigProto(allow_soft_placement=True)
    with contextlib.suppress(ImportError, AttributeError):
        from tensorflow.python.eager import context

        settings.ParseFromString(context.context().function_call_options.config_proto_serialized)
    rewriting = settings.graph_options.rewrite_options
    rewriting.remapping = rewriting.OFF
    return settings.SerializeToString()


def _resident_inputs(graph: Graph) -> frozenset[int]:
    """State inputs that an update changes in place: they are handed over as variables."""
    position = {value: i for i, value in enumerate(graph.inputs)}
    found: set[int] = set()
    for equation in graph.equations:
        if names := IN_PLACE.get(equation.op.name):
            operands = dict(zip(equation.op.operands, equation.inputs))
            found.update(position[x] for name in names for x in flat(operands[name]))
    return frozenset(found)


def _sizes(graph: Graph, sizes: dict[str, int]) -> list[tuple[int, int, int]]:
    """Argument, axis and expected size of each symbolic axis; nothing where one is not expected."""
    found = []
    for i, value in enumerate(graph.arguments):
        for axis, n in enumerate(value.shape):
            if not isinstance(n, int):
                size = _size(n, sizes)
                if size is None:
                    return []
                found.append((i, axis, size))
    return found


def _size(n: Any, sizes: dict[str, int]) -> int | None:
    try:
        return n if isinstance(n, int) else evaluate(n, sizes)
    except KeyError:
        return None

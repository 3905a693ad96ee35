"""Generated functions as programs of TensorFlow that hold the tf.Variables of their state."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from multiback.backends.protocol import Options
from multiback.graph.ir import Graph, flat
from multiback_tensorflow.fast.updates import IN_PLACE
from multiback_tensorflow.lowering._xla import compiling

_CONVOLUTIONS = frozenset({"conv", "depthwise_conv", "conv_transpose"})
"""Their kernels must know while tracing that a batch is empty."""


def _is_not_about_our_programs(record: logging.LogRecord) -> bool:
    # Each program is a tf.function of its own, traced once; TensorFlow takes them for one that is traced again.
    return f"{Bound.__name__}.bind" not in record.getMessage()


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
    """A generated function as a tf.function for the tf.Variables that it is run with."""

    def __init__(self, function: Callable[..., Any], graph: Graph, options: Options) -> None:
        self.function = function
        self.graph = graph
        self.options = options
        self.updates = graph.updates
        self.state: list[Any] = []
        self.identities: tuple[int, ...] | None = None
        self.traced: Callable[..., Any] | None = None
        self.run: Callable[[Sequence[Any]], Sequence[Any]] | None = None
        self.run_empty: Callable[..., Any] | None = None
        self.convolves = any(e.op.name in _CONVOLUTIONS for e in graph.walk())

    def __call__(self, state: Sequence[Any], arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        if self.identities != tuple(map(id, state)):
            if not all(isinstance(v, tf.Variable) for v in state):
                return plainly(self.function, self.graph, state, arguments)
            self.bind(state)
        if self.convolves and any(0 in a.shape for a in arguments):
            results = self.run_empty(*arguments)  # type: ignore[misc]
        elif self.run is not None and tf.executing_eagerly():
            results = self.run(arguments)
        else:
            results = self.traced(*arguments)  # type: ignore[misc]
        return [state[i] for i in self.updates], results

    def bind(self, state: Sequence[Any]) -> None:
        """Traces the step for these variables."""
        self.state = list(state)
        self.identities = tuple(map(id, state))
        count = len(self.graph.updates)
        resident = _resident_inputs(self.graph)

        def step(*arguments: Any) -> tuple[Any, ...]:
            values = [v if i in resident else v.read_value() for i, v in enumerate(self.state)]
            with compiling(bool(self.options.jit)):
                outputs = self.function(*values, *arguments)
            for index, new in zip(self.graph.updates, outputs[:count]):
                if new is not self.state[index]:
                    self.state[index].assign(new, read_value=False)
            return tuple(outputs[count:])

        signature = [tf.TensorSpec(_static(v.shape), getattr(tf, v.dtype)) for v in self.graph.arguments]
        jit = True if self.options.jit else None
        function = tf.function(step, input_signature=signature, autograph=False, jit_compile=jit)
        self.run_empty = tf.function(step, autograph=False)
        self.traced, self.run = function, None
        if self.options.differentiable:
            return
        if jit:
            # The operation that calls a function forgets that XLA is to compile it, one within that function does not.
            compiled = function.get_concrete_function()
            function = tf.function(lambda *a: compiled(*a), input_signature=signature, autograph=False)
        self.traced = function.get_concrete_function()
        if all("CPU" in d.device_type for d in tf.config.list_logical_devices()):
            self.run = _as_one_operation(self.traced)


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


def _settings() -> bytes | str:
    """What a person set for the optimizer of graphs (tf.config.optimizer); "" where TensorFlow does not tell."""
    try:
        from tensorflow.python.eager import context

        return context.context().function_call_options.config_proto_serialized
    except (ImportError, AttributeError):
        return ""


def _resident_inputs(graph: Graph) -> frozenset[int]:
    """State inputs that an update changes in place: they are handed over as variables."""
    position = {value: i for i, value in enumerate(graph.inputs)}
    found: set[int] = set()
    for equation in graph.equations:
        if names := IN_PLACE.get(equation.op.name):
            operands = dict(zip(equation.op.operands, equation.inputs))
            found.update(position[x] for name in names for x in flat(operands[name]))
    return frozenset(found)


def _static(shape: tuple[Any, ...]) -> list[int | None]:
    return [n if isinstance(n, int) else None for n in shape]

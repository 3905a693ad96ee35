"""The TensorFlow adapter: one tf.function of the whole generated function, state in tf.Variables."""

from __future__ import annotations

import contextlib
import functools
import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# TensorFlow logs what it does while it starts and compiles; set to "0" to see it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

import multiback.ops
from multiback import dtypes
from multiback.backends.protocol import Adapter, Options, RunMany
from multiback.graph import passes
from multiback.graph.ir import Equation, Graph, Value, flat
from multiback.graph.source import Dialect
from multiback_tensorflow._programs import Bound, Several, plainly
from multiback_tensorflow.fast import FAST
from multiback_tensorflow.fast.updates import IN_PLACE
from multiback_tensorflow.lowering import LOWER
from multiback_tensorflow.probe import TensorFlowProbe

_PLAIN = 8
"""Differentiable functions with fewer equations run op by op: a tf.function costs more than it saves."""


def _leave_out_of_autograph() -> None:
    """A person's tf.function would otherwise rewrite the source of multiback itself, neither needed nor quick."""
    try:
        from tensorflow.python.autograph.core import config

        config.CONVERSION_RULES = (config.DoNotConvert("multiback"), *config.CONVERSION_RULES)
    except (ImportError, AttributeError):
        return


_leave_out_of_autograph()


class TensorFlowAdapter(Adapter):
    """Runs graphs on tf tensors."""

    lower = LOWER
    fast = FAST
    probe = TensorFlowProbe()
    jit_choices = (False, True)

    def __init__(self, plugin: Any) -> None:
        super().__init__(plugin)
        self.dialect = Dialect(
            "tf.shape({x})[{axis}]", lambda dtype: f"tf.{dtype}", _constant, {"tf": tf}, "tf.maximum({x}, {y})"
        )

    def prepare(self, graph: Graph, options: Options) -> Graph:
        graph = super().prepare(graph, options)
        in_place = frozenset() if options.differentiable else _in_place(graph)

        def keep(equation: Equation) -> bool:
            if equation.op.name in IN_PLACE and equation.flat_outputs[0] not in in_place:
                return False
            return self.keeps(equation, options)

        if all(keep(e) for e in graph.walk() if e.op.composite):
            return graph
        return passes.optimize(passes.expand(graph, keep), off=options.passes_off)

    def wrap(self, function: Callable[..., Any], graph: Graph, options: Options) -> Callable[..., Any]:
        if options.differentiable and len(graph.equations) <= _PLAIN:
            return functools.partial(plainly, function, graph)
        return Bound(function, graph, options)

    def wrap_many(self, function: Callable[..., Any], graph: Graph, options: Options) -> RunMany:
        return Several(function, graph, options)

    def is_native(self, x: Any) -> bool:
        return isinstance(x, tf.Tensor | tf.Variable)

    def is_concrete(self, x: Any) -> bool:
        return hasattr(x, "numpy")

    def shape(self, x: Any) -> tuple[int | None, ...]:
        return tuple(x.shape.as_list())

    def dtype(self, x: Any) -> dtypes.DType:
        return dtypes.as_dtype(x.dtype.name)

    def from_numpy(self, array: np.ndarray, copy: bool = True) -> Any:
        return tf.convert_to_tensor(array)

    def feed(self, array: np.ndarray) -> Any:
        return array

    def to_numpy(self, x: Any) -> np.ndarray:
        return x.numpy()

    def cell(self, array: Any, *, trainable: bool, name: str) -> Any:
        with tf.init_scope():
            return tf.Variable(array, trainable=trainable, name=name.replace("/", "_"))

    def read(self, cell: Any) -> Any:
        return cell

    def write(self, cell: Any, array: Any) -> Any:
        cell.assign(array, read_value=False)
        return cell

    def version(self) -> str:
        return tf.__version__

    def device(self, x: Any) -> str:
        return x.device.rpartition("device:")[2].lower()

    def devices(self) -> list[str]:
        devices = [d.name.removeprefix("/physical_device:").lower() for d in tf.config.list_physical_devices()]
        return sorted(devices, key=lambda name: name.startswith("cpu"))

    def on_device(self, device: str) -> contextlib.AbstractContextManager[Any]:
        super().on_device(device)
        return tf.device(device)

    def environment(self) -> dict[str, Any]:
        threading = tf.config.threading
        return {
            "threads": threading.get_intra_op_parallelism_threads() or "all",
            "inter-op threads": threading.get_inter_op_parallelism_threads() or "all",
            **{
                k: v
                for k, v in os.environ.items()
                if k.startswith(("TF_ENABLE_", "TF_XLA_", "TF_DETERMINISTIC_", "TF_NUM_", "XLA_"))
            },
            "TF32": tf.config.experimental.tensor_float_32_execution_enabled(),
        }

    def value_and_grad(self, function: Callable[..., Any], arrays: Sequence[Any]) -> tuple[Any, list[Any]]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            leaves = [tf.identity(x) for x in arrays]
            tape.watch(leaves)
            result = function(*leaves)
        gradients = tape.gradient(result[0], leaves, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return result, [tf.convert_to_tensor(g) for g in gradients]


def _in_place(graph: Graph) -> frozenset[Value]:
    """First outputs of the optimizer updates that only replace state by its new value."""
    uses = Counter(x for e in graph.equations for x in e.flat_inputs if isinstance(x, Value))
    uses.update(x for x in graph.outputs if isinstance(x, Value))
    target = {new: graph.inputs[i] for new, i in zip(graph.outputs, graph.updates)}
    found = set()
    read_later: set[Value] = set()
    for equation in reversed(graph.equations):
        if names := IN_PLACE.get(equation.op.name):
            operands = dict(zip(equation.op.operands, equation.inputs))
            old = [x for name in names for x in flat(operands[name])]
            if not read_later.isdisjoint(old):
                continue
            if len(old) == len(equation.flat_outputs) and all(
                target.get(new) is was and uses[new] == 1 for new, was in zip(equation.flat_outputs, old)
            ):
                found.add(equation.flat_outputs[0])
        read_later.update(x for x in equation.flat_inputs if isinstance(x, Value))
    return frozenset(found)


def _constant(array: np.ndarray) -> Any:
    """Constants stay NumPy arrays: a tensor made outside would belong to one tf.function."""
    return array


assert multiback.ops  # the vocabulary that the table is checked against
ADAPTER = TensorFlowAdapter

"""The original in float64: the nodes of its graph one by one, by TensorFlow's own kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback.porting.imported import CannotRun
from multiback_tensorflow.importer import kernels
from multiback_tensorflow.importer.form import Form
from multiback_tensorflow.importer.interpreter import Resource
from multiback_tensorflow.importer.program import Edge, Function, Node

_NARROW = ("float32", "float16", "bfloat16")


class Wide:
    """Runs functions with copies of the variables in float64.

    Attributes:
        variables: The copies, by name.
    """

    def __init__(self, variables: dict[str, Any]) -> None:
        import tensorflow as tf

        self._before = {name: _wide(v.numpy()) for name, v in variables.items()}
        self.variables = {name: tf.Variable(a, trainable=variables[name].trainable) for name, a in self._before.items()}

    def changed(self) -> dict[str, np.ndarray]:
        """The variables that are no longer what they were."""
        after = {name: v.numpy() for name, v in self.variables.items()}
        return {name: a for name, a in after.items() if a.tobytes() != self._before[name].tobytes()}

    def run(self, form: Form, tensors: Sequence[Any]) -> list[Any]:
        """The results of a function, in order.

        Raises:
            CannotRun: if an op has no kernel for float64.
        """
        captured = (x if isinstance(x, Resource) else _tensor(x) for x in form.captured())
        return self._run(form.function, [*tensors, *captured])

    def _run(self, function: Function, arguments: Sequence[Any]) -> list[Any]:
        values: dict[Edge, Any] = {(name, 0): x for name, x in zip(function.arguments, arguments, strict=True)}
        for node in function.nodes:
            outputs = self._outputs(node, [values[edge] for edge in node.inputs], function)
            values.update(((node.name, i), output) for i, output in enumerate(outputs))
        return [values[edge] for edge in function.results]

    def _outputs(self, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
        special = _SPECIAL.get(node.op)
        if special is not None:
            return special(self, node, inputs, function)
        if node.op == "Const":
            return [_tensor(node.attributes["value"])]
        if any(isinstance(x, Resource) for x in inputs):
            raise CannotRun(f"the op {node.op} changes state in a way that is not followed in float64")
        return _computed(node, inputs)


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if array.dtype.name in _NARROW else array


def _tensor(array: Any) -> Any:
    import tensorflow as tf

    array = np.asarray(array)
    return tf.constant(_wide(array)) if array.dtype != object else tf.constant(array)


def _widened(value: Any) -> Any:
    if isinstance(value, list):
        return [_widened(item) for item in value]
    return "float64" if isinstance(value, str) and value in _NARROW else value


def _computed(node: Node, inputs: list[Any]) -> Sequence[Any]:
    """What TensorFlow's kernel gives for float64."""
    import tensorflow as tf

    attributes = {k: _widened(v) for k, v in node.attributes.items()}
    if node.op == "Bitcast" and attributes != node.attributes:
        raise CannotRun("the original looks at the bits of floats")
    try:
        outputs = kernels.run(node, inputs, attributes)
    except (tf.errors.OpError, AttributeError, TypeError, ValueError) as error:
        raise CannotRun(f"TensorFlow cannot run the op {node.op} in float64: {_short(error)}") from error
    if any(y.dtype.name in _NARROW for y in outputs):
        raise CannotRun(f"TensorFlow's op {node.op} computes in a lower precision than float64")
    return outputs


def _short(error: BaseException) -> str:
    return str(error).partition("\n")[0][:120]


def _read(wide: Wide, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
    return [wide.variables[inputs[0].name].read_value()]


def _assign(method: str) -> Callable[..., Any]:
    def run(wide: Wide, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
        getattr(wide.variables[inputs[0].name], method)(inputs[1])
        return ()

    return run


def _gather(wide: Wide, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
    import tensorflow as tf

    batch = node.attributes["batch_dims"]
    return [tf.gather(wide.variables[inputs[0].name], inputs[1], batch_dims=batch, axis=batch)]


def _call(wide: Wide, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
    return wide._run(function.library[node.attributes["f"]], inputs)


def _if(wide: Wide, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
    chosen = "then_branch" if np.asarray(inputs[0]).any() else "else_branch"
    return wide._run(function.library[node.attributes[chosen]], inputs[1:])


def _case(wide: Wide, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
    branches, place = node.attributes["branches"], int(np.asarray(inputs[0]))
    return wide._run(function.library[branches[place if 0 <= place < len(branches) else -1]], inputs[1:])


def _while(wide: Wide, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
    condition, body = (function.library[node.attributes[name]] for name in ("cond", "body"))
    values = list(inputs)
    while np.asarray(wide._run(condition, values)[0]).all():
        values = wide._run(body, values)
    return values


def _shape(wide: Wide, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
    return [np.asarray(wide.variables[inputs[0].name].shape, node.attributes["out_type"])]


def _same(wide: Wide, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
    return inputs


def _nothing(wide: Wide, node: Node, inputs: list[Any], function: Function) -> Sequence[Any]:
    return ()


_SPECIAL: dict[str, Callable[..., Sequence[Any]]] = {
    "AssignAddVariableOp": _assign("assign_add"),
    "AssignSubVariableOp": _assign("assign_sub"),
    "AssignVariableOp": _assign("assign"),
    "Case": _case,
    "DisableCopyOnRead": _nothing,
    "Identity": _same,
    "IdentityN": _same,
    "If": _if,
    "NoOp": _nothing,
    "PartitionedCall": _call,
    "ReadVariableOp": _read,
    "ResourceGather": _gather,
    "StatefulPartitionedCall": _call,
    "StatelessCase": _case,
    "StatelessIf": _if,
    "StatelessWhile": _while,
    "VariableShape": _shape,
    "While": _while,
}

"""Runs single nodes by TensorFlow's own kernels."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from multiback_tensorflow.importer.program import Node, definition_of


@dataclass(frozen=True)
class _Kernel:
    """The Python function of an op.

    Attributes:
        function: Takes everything by name.
        inputs: For each input: its parameter, and the attribute that says how many arrays it has (None: one).
        attributes: The parameter of each attribute that is not told by the inputs.
    """

    function: Callable[..., Any]
    inputs: tuple[tuple[str, str | None], ...]
    attributes: Mapping[str, str]


@functools.cache
def _kernel(op: str) -> _Kernel:
    import tensorflow as tf

    function = getattr(tf.raw_ops, op)
    free = [p for p in inspect.signature(function).parameters if p != "name"]
    definition = definition_of(op)
    told: set[str] = set()
    for argument in definition.input_arg:
        told |= {argument.type_attr, argument.number_attr, argument.type_list_attr}
    inputs = [a.name for a in definition.input_arg]
    attributes = [a.name for a in definition.attr if a.name not in told]
    # Parameters may have other names than the inputs and attributes, but stand in their order.
    other = iter([p for p in free if p not in inputs and p not in attributes])
    renamed = {n: n if n in free else next(other) for n in [*inputs, *attributes]}
    counts = [a.number_attr or a.type_list_attr or None for a in definition.input_arg]
    return _Kernel(
        function,
        tuple((renamed[n], count) for n, count in zip(inputs, counts)),
        {n: renamed[n] for n in attributes},
    )


def run(node: Node, inputs: Sequence[Any], attributes: Mapping[str, Any]) -> list[Any]:
    """The outputs of a node, computed now.

    Arguments:
        node: Which op; how many arrays each of its inputs has.
        inputs: Tensors or arrays, in order.
        attributes: Of the op; those that the inputs tell are not looked at.

    Raises:
        AttributeError: if there is no function for the op.
    """
    import tensorflow as tf

    kernel = _kernel(node.op)
    taken = iter(inputs)
    operands: dict[str, Any] = {}
    for parameter, count in kernel.inputs:
        if count is None:
            operands[parameter] = next(taken)
        else:
            number = node.attributes[count]
            operands[parameter] = [next(taken) for _ in range(number if isinstance(number, int) else len(number))]
    chosen = {kernel.attributes[k]: v for k, v in attributes.items() if k in kernel.attributes}
    result = kernel.function(**operands, **chosen)
    if result is None or isinstance(result, tf.Operation):
        return []
    return list(result) if isinstance(result, list | tuple) else [result]

"""Ops applied to symbolic tensors: each becomes a small layer, so that `x + y` works in the functional API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.graph.op import Op, get_op
from multiback.layers._layer import Layer
from multiback.layers._names import auto_name
from multiback.layers._registry import REGISTRY
from multiback.layers._symbolic import KerasTensor
from multiback.saving.registry import deserialize, serialize


@REGISTRY.register()
class Operation(Layer):
    """One op of `multiback.ops` as a layer.

    Arguments:
        op: Its name.
        template: For each operand, `None` where the next symbolic tensor goes, or the constant that stands there.
        attributes: The op's other arguments.
    """

    def __init__(self, op: str, template: Any = (), attributes: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        name = kwargs.pop("name", None) or auto_name(op)
        super().__init__(name=name, **kwargs)
        self.op = get_op(op)
        self.template = template
        self.attributes = dict(attributes or {})
        self.supports_masking = True
        self.autocast = False

    def call(self, inputs: Any) -> Any:
        rest = iter(inputs if isinstance(inputs, list | tuple) else [inputs])

        def fill(slot: Any) -> Any:
            if isinstance(slot, list | tuple):
                return [fill(s) for s in slot]
            return next(rest) if slot == "tensor" else slot["value"]

        operands = {n: fill(slot) for n, slot in zip(self.op.operands, self.template)}
        return self.op(**operands, **self.attributes)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        masks = previous_mask if isinstance(previous_mask, list | tuple) else [previous_mask]
        return next((m for m in masks if m is not None), None)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "op": self.op.name,
            "template": serialize(self.template),
            "attributes": serialize(self.attributes),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        template, attributes = deserialize(config["template"]), deserialize(config["attributes"])
        # JSON has no tuples, and attributes must be hashable.
        attributes = {k: _as_tuple(v) for k, v in attributes.items()}
        return super().from_config({**config, "template": template, "attributes": attributes})


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(v) for v in value) if isinstance(value, list | tuple) else value


def apply_symbolically(op: Op, call: dict[str, Any]) -> Any:
    """The symbolic result of an op whose operands hold symbolic tensors."""
    tensors: list[KerasTensor] = []

    def slot(x: Any) -> Any:
        if isinstance(x, list | tuple):
            return [slot(i) for i in x]
        if isinstance(x, KerasTensor):
            tensors.append(x)
            return "tensor"
        return {"value": x}

    template = [slot(call[n]) for n in op.operands]
    layer = Operation(op.name, template, {n: call[n] for n in op.attributes})
    return layer(tensors[0] if len(tensors) == 1 else tensors)

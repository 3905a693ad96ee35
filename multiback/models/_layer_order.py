"""The order of a functional model's layers: that of Keras, so that weights lie where Keras has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback.layers._symbolic import KerasTensor, Node


def ordered_layers(inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> list[Any]:
    """The layers between inputs and outputs, the furthest from the outputs first.

    A layer's depth is the longest way from any of its calls to an output; of layers equally deep, the one that a
    depth-first walk from the outputs meets first comes first. Inputs that nothing depends on have depth 0.
    """
    nodes, met = _walk(inputs, outputs)
    depth: dict[int, int] = {}
    layer_depth: dict[Any, int] = {}
    inside = {id(node) for node in nodes}
    for node in reversed(nodes):
        own = max(depth.get(id(node), 0), layer_depth.get(node.layer, 0))
        depth[id(node)] = layer_depth[node.layer] = own
        for x in node.inputs:
            if x.node is not None and id(x.node) in inside:
                depth[id(x.node)] = max(own + 1, depth.get(id(x.node), 0))
    for x in inputs:
        if x.node is not None and not x.node.inputs and x.node.layer not in layer_depth:
            layer_depth[x.node.layer], met[x.node.layer] = 0, -1
    return sorted(layer_depth, key=lambda layer: (-layer_depth[layer], met[layer]))


def _walk(inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> tuple[list[Node], dict[Any, int]]:
    """The calls, each after those it needs, and the place at which each layer is met on the way from the outputs."""
    given = set(inputs)
    order: list[Node] = []
    met: dict[Any, int] = {}
    begun: set[int] = set()
    for output in outputs:
        stack: list[tuple[KerasTensor, bool]] = [(output, False)]
        while stack:
            x, ready = stack.pop()
            node = x.node
            if node is None or (x in given and node.inputs):
                continue
            if ready:
                order.append(node)
            elif id(node) not in begun:
                begun.add(id(node))
                met.setdefault(node.layer, len(met))
                stack.append((x, True))
                stack += [(i, False) for i in reversed(node.inputs)]
    return order, met

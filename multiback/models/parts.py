"""The modules of an imported model, for its summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from multiback.graph.ir import Graph, Value
from multiback.layers._symbolic import public_shape


@dataclass
class Part:
    """A module of the original, found again by the scopes of a graph.

    Attributes:
        path: Names from the root, separated by slashes.
        kind: The name of its class, or "".
        shape: Of what its last equation gives.
        params: Numbers in the weights that it was the first to use.
        parts: The modules inside.
    """

    path: str
    kind: str
    shape: tuple[int | None, ...] = ()
    params: int = 0
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def parts_of(graph: Graph, classes: Mapping[str, str]) -> Part:
    """The modules of a graph, as a tree under the model itself.

    Arguments:
        graph: Its equations carry paths as scopes.
        classes: Names of classes by path.
    """
    root = Part("", classes.get("", ""))
    weights = set(graph.inputs[: graph.state])
    for equation in graph.equations:
        names = equation.scope.split("/") if equation.scope else []
        line = [root]
        for i, name in enumerate(names):
            path = "/".join(names[: i + 1])
            line.append(line[-1].parts.setdefault(name, Part(path, classes.get(path, ""))))
        used = [x for x in dict.fromkeys(equation.flat_inputs) if isinstance(x, Value) and x in weights]
        weights.difference_update(used)
        for part in line:
            part.params += sum(_size(x) for x in used)
            if outputs := equation.flat_outputs:
                part.shape = public_shape(outputs[0].shape)
    return root


def _size(x: Value) -> int:
    size = 1
    for n in x.shape:
        size *= int(n)
    return size

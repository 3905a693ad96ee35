"""Symbolic tensors of the functional API: abstract arrays that remember which layer call made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from multiback import dtypes, tree
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.graph.op import Op
from multiback.graph.trace import Traced


@dataclass(eq=False)
class Node:
    """One call of a layer on symbolic tensors.

    Attributes:
        layer: What was called.
        arguments: Positional arguments, as given.
        keywords: Keyword arguments, as given.
        outputs: The symbolic tensors it returned, nested as the layer returned them.
    """

    layer: Any
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    outputs: Any = None

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic tensors among the arguments."""
        return [x for x in tree.leaves((self.arguments, self.keywords)) if isinstance(x, KerasTensor)]


class KerasTensor(Traced):
    """A symbolic tensor: what `Input` and layers called on it return.

    Attributes:
        shape: Sizes; None where not known.
        dtype: The dtype.
        name: Of the tensor.
        node: The call that made it; None before it is made.
        index: Which of the call's outputs it is.
    """

    __slots__ = ("dims", "index", "node", "sparse")

    def __init__(self, shape: Sequence[Any], dtype: Any = "float32", name: str | None = None) -> None:
        super().__init__((), dtypes.as_dtype(dtype), name)
        label = name or "input"
        self.dims = tuple(
            Dim.named("batch" if i == 0 else f"{label}_{i}") if n is None else n for i, n in enumerate(shape)
        )
        self.node: Node | None = None
        self.index = 0
        self.sparse = False

    @property
    def spec(self) -> Spec:
        return Spec(self.dims, self.dtype)

    @property  # type: ignore[override]
    def shape(self) -> tuple[int | None, ...]:
        return public_shape(self.dims)

    @shape.setter
    def shape(self, value: Any) -> None:
        pass

    @property
    def ndim(self) -> int:
        return len(self.dims)

    @property
    def _keras_history(self) -> tuple[Any, int, int]:
        assert self.node is not None
        return self.node.layer, self.node.layer._inbound_nodes.index(self.node), self.index

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def __multiback_apply__(self, op: Op, call: dict[str, Any]) -> Any:
        from multiback.layers._operation import apply_symbolically

        return apply_symbolically(op, call)


def public_shape(shape: Sequence[Any]) -> tuple[int | None, ...]:
    """A shape as Keras shows it: None for every size that is not a fixed integer."""
    return tuple(n if isinstance(n, int) else None for n in shape)


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a symbolic tensor of the functional API."""
    return isinstance(x, KerasTensor)


def any_symbolic(values: Any) -> bool:
    """Whether a tree holds a symbolic tensor."""
    return any(isinstance(x, KerasTensor) for x in tree.leaves(values))


def as_shape(shape: Any) -> Any:
    """A shape, or a tree of them, with tuples for shapes, as JSON has lost them."""
    if isinstance(shape, list | tuple) and all(n is None or isinstance(n, int) for n in shape):
        return tuple(shape)
    if isinstance(shape, Mapping):
        return {k: as_shape(v) for k, v in shape.items()}
    return [as_shape(s) for s in shape] if isinstance(shape, list | tuple) else shape


def tensors_of(shape: Any, dtype: Any) -> Any:
    """Symbolic tensors for a tree of shapes."""
    shape = as_shape(shape)
    if isinstance(shape, tuple):
        return KerasTensor(shape, dtype)
    if isinstance(shape, Mapping):
        return {k: tensors_of(v, dtype) for k, v in shape.items()}
    return [tensors_of(s, dtype) for s in shape] if isinstance(shape, list) else shape

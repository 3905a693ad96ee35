"""The entry of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import config
from multiback.errors import ArgumentError
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.layers._symbolic import KerasTensor, Node


@REGISTRY.register()
class InputLayer(Layer):
    """Holds the symbolic tensor that a model starts from.

    Arguments:
        shape: Sizes without the batch; None for sizes that vary.
        batch_size: Fixed batch size, or None.
        dtype: Of the input; default `config.floatx()`.
        sparse, ragged: Must be None or False: arrays are dense.
        batch_shape: Sizes with the batch, instead of `shape`.
        input_tensor: A symbolic tensor to use.
        optional: Whether the input may be None.
        name: Of the input.

    Raises:
        ArgumentError: if neither or both of shape and batch_shape are given.
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Sequence[int | None] | None = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if (shape is None) == (batch_shape is None) and input_tensor is None:
            raise ArgumentError(f"Input {self.name!r} needs either shape or batch_shape.")
        if sparse or ragged:
            raise ArgumentError(f"Input {self.name!r}: sparse and ragged inputs are not supported; give dense arrays.")
        if isinstance(shape, int) or isinstance(batch_shape, int):
            raise ArgumentError(f"Input {self.name!r}: shape must be a tuple such as ({shape or batch_shape},).")
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, input_tensor.dtype
        self.batch_shape = tuple(batch_shape) if batch_shape is not None else (batch_size, *shape)  # type: ignore[misc]
        self._dtype = str(dtype or config.floatx())
        self.optional = optional
        self.supports_masking = True
        tensor = input_tensor if input_tensor is not None else KerasTensor(self.batch_shape, self._dtype, self.name)
        node = Node(self, (), {}, tensor)
        tensor.node, tensor.index = node, 0
        self._inbound_nodes.append(node)
        self.built = True

    @property
    def dtype(self) -> str:
        return self._dtype

    @property
    def output(self) -> KerasTensor:
        return self._inbound_nodes[0].outputs

    def call(self) -> Any:
        raise ArgumentError(f"Input {self.name!r} is not called; it stands for the data.")

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": list(self.batch_shape), "dtype": self._dtype, "sparse": False, "ragged": False,
                "name": self.name, "optional": self.optional}  # fmt: skip


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbolic tensor from which a functional model starts; see `InputLayer` for the arguments.

    Example:
        >>> x = Input((28, 28, 1))
        >>> x.shape
        (None, 28, 28, 1)
    """
    layer = InputLayer(
        shape, batch_size, dtype, sparse, ragged, batch_shape, input_tensor=tensor, optional=optional, name=name
    )
    return layer.output

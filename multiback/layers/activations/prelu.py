"""Rectified linear unit whose slope is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import ShapeError
from multiback.layers._arguments import described, resolve, title
from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class PReLU(Layer):
    """Rectified linear unit with learned slopes: x where x > 0, else alpha * x, one alpha for each element of a sample.

    Arguments:
        alpha_initializer, alpha_regularizer, alpha_constraint: For the slopes.
        shared_axes: Axes along which the slope is the same, such as (1, 2) for the rows and columns of images.

    Raises:
        ShapeError: if an axis that is not shared has no known size.

    Source: He et al. 2015, Delving deep into rectifiers.

    Example:
        >>> PReLU(shared_axes=[1, 2])(numpy.ones((2, 8, 8, 3))).shape
        (2, 8, 8, 3)
    """

    alpha_initializer: Any
    alpha_regularizer: Any
    alpha_constraint: Any

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        resolve(
            self,
            alpha_initializer=alpha_initializer,
            alpha_regularizer=alpha_regularizer,
            alpha_constraint=alpha_constraint,
        )
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes and list(shared_axes)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        shared = {axis % rank for axis in self.shared_axes or ()}
        sizes = [1 if i in shared else n for i, n in enumerate(input_shape)][1:]
        if None in sizes:
            raise ShapeError(f"{title(self)} needs known sizes or shared_axes, got inputs of shape {input_shape}.")
        self.alpha = self.add_weight(
            shape=sizes,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )
        self.input_spec = InputSpec(ndim=rank, axes={i: n for i, n in enumerate(sizes, 1) if i not in shared})

    def call(self, inputs: Any) -> Any:
        return ops.relu(inputs) - self.alpha * ops.relu(-inputs)

    def get_config(self) -> dict[str, Any]:
        names = ("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes")
        return {**super().get_config(), **described(self, *names)}

"""The base of layers that merge a list of inputs element by element."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ArgumentError, ShapeError
from multiback.layers import _masks
from multiback.layers._arguments import title
from multiback.layers._layer import Layer


class Merge(Layer):
    """Merges inputs whose sizes are equal or 1; inputs of lower rank get axes of size 1 after the batch."""

    count: int | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def merge(self, inputs: list[Any]) -> Any:
        """The computation, on inputs of one rank."""
        raise NotImplementedError

    def build(self, input_shape: Any) -> None:
        if not isinstance(input_shape, list | tuple) or not all(isinstance(s, list | tuple) for s in input_shape):
            raise ArgumentError(f"{title(self)} expects a list of inputs, got one of shape {input_shape}.")
        if self.count is not None and len(input_shape) != self.count:
            raise ArgumentError(f"{title(self)} expects {self.count} inputs, got {len(input_shape)}.")
        if not input_shape:
            raise ArgumentError(f"{title(self)} expects at least one input, got an empty list.")
        self._check_shapes([tuple(s) for s in input_shape])

    def _check_shapes(self, shapes: list[tuple[int | None, ...]]) -> None:
        rank = max(map(len, shapes))
        aligned = [(s[0], *[1] * (rank - len(s)), *s[1:]) for s in shapes if s]
        for i, sizes in enumerate(zip(*aligned)):
            known = {n for n in sizes if n is not None and (n != 1 or i == 0)}
            if len(known) > 1:
                raise ShapeError(
                    f"{title(self)} expects shapes that fit each other, got {', '.join(map(str, shapes))}."
                )

    def call(self, inputs: Any) -> Any:
        rank = max(len(x.shape) for x in inputs)
        return self.merge([_with_rank(x, rank) for x in inputs])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        if previous_mask is None or any(m is None for m in previous_mask):
            return None
        mask = previous_mask[0]
        for other in previous_mask[1:]:
            mask = ops.logical_or(mask, other)
        return mask


def _with_rank(x: Any, rank: int) -> Any:
    missing = rank - len(x.shape)
    if not missing:
        return x
    expanded = ops.expand_dims(x, axis=tuple(range(1, 1 + missing)))
    if (mask := _masks.get_mask(x)) is not None:
        _masks.set_mask(expanded, ops.expand_dims(mask, axis=tuple(range(1, 1 + missing))))
    return expanded


def merged_unmasked(op: Any, inputs: list[Any]) -> Any:
    """`op` over the inputs; where one is masked, the others alone decide."""
    output, kept = None, None
    for x in inputs:
        mask = _masks.get_mask(x)
        mask = None if mask is None else ops.expand_dims(mask, -1)
        if output is None:
            output, kept = x, mask
            continue
        right = x if mask is None else ops.where(mask, x, output)
        left = output if kept is None else ops.where(kept, output, right)
        kept = ops.logical_or(kept, mask) if kept is not None and mask is not None else None
        output = op(left, right)
    return output

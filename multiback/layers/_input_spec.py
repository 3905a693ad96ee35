"""What a layer expects of its inputs, and the errors that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multiback import tree
from multiback.errors import ShapeError
from multiback.layers._symbolic import public_shape


class InputSpec:
    """Rank, dtype, sizes that an input must have.

    Arguments:
        dtype: Expected dtype, or None.
        shape: Expected shape, None for free sizes; or None.
        ndim, min_ndim, max_ndim: Expected rank.
        axes: Expected sizes by axis, such as `{-1: 64}`.
        allow_last_axis_squeeze: Whether a trailing axis of size 1 may be missing or extra.
        name: Expected name.
        optional: Whether the input may be None.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> InputSpec:
        return cls(**config)

    def __repr__(self) -> str:
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in vars(self).items() if v)})"


def check_input_spec(layer: Any, inputs: Any) -> None:
    """Raises ShapeError when inputs do not have the form that the layer's `input_spec` asks for."""
    specs = tree.leaves(layer.input_spec)
    arrays = [x for x in tree.leaves(inputs) if hasattr(x, "shape")]
    if len(specs) > 1 and len(specs) != len(arrays):
        raise ShapeError(f"{_title(layer)} expects {len(specs)} inputs, got {len(arrays)}.")
    for spec, x in zip(specs, arrays):
        _check(layer, spec, public_shape(x.shape))


def _title(layer: Any) -> str:
    return f"{type(layer).__name__} {layer.name!r}"


def _check(layer: Any, spec: InputSpec | None, shape: tuple[int | None, ...]) -> None:
    if spec is None:
        return
    rank, shown = len(shape), str(shape).replace("'", "")
    if spec.shape is not None and spec.allow_last_axis_squeeze and abs(len(spec.shape) - rank) == 1:
        return
    if spec.ndim is not None and rank != spec.ndim:
        raise ShapeError(f"{_title(layer)} expects inputs with {spec.ndim} axes, got {rank}: {shown}.")
    if spec.min_ndim is not None and rank < spec.min_ndim:
        raise ShapeError(f"{_title(layer)} expects inputs with at least {spec.min_ndim} axes, got {rank}: {shown}.")
    if spec.max_ndim is not None and rank > spec.max_ndim:
        raise ShapeError(f"{_title(layer)} expects inputs with at most {spec.max_ndim} axes, got {rank}: {shown}.")
    for axis, size in spec.axes.items():
        if size is not None and shape[axis] is not None and shape[axis] != size:
            where = "last axis" if axis in (-1, rank - 1) else f"axis {axis}"
            raise ShapeError(f"{_title(layer)} expects inputs with {where} {size}, got {shown}.")
    if spec.shape is not None:
        for want, got in zip(spec.shape, shape):
            if want is not None and got is not None and want != got:
                raise ShapeError(f"{_title(layer)} expects inputs of shape {spec.shape}, got {shown}.")

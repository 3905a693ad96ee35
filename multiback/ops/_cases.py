"""Conformance cases: the inputs, attributes and error bound with which an op is judged, kept beside the op.

The verdict for a result y against the float64 reference r is  |y - r| <= c * u * scale,  u the unit roundoff of the
dtype and `scale` the magnitude at which the inputs' own rounding acts (|A||B| for a product, sum|x| for a sum).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

FLOATS = ("float32",)
INTEGERS = ("int32",)
HALVES = ("float16", "bfloat16")
ALL_FLOATS = ("float32", "float64", "float16", "bfloat16")
SIGNED = ("int32", "int8", "int16", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
ALL_INTEGERS = SIGNED + UNSIGNED
ALL_DTYPES = (*ALL_FLOATS, *ALL_INTEGERS, "bool")
OTHER_FLOATS = (*HALVES, "float64")
Sizes = tuple[int | str, ...]


@dataclass(frozen=True, eq=False)
class Sample:
    """How one operand is drawn.

    Attributes:
        shape: Sizes; a name such as "batch" is symbolic, and drawn at two sizes.
        low, high: Range of the uniform draw.
        dtype: A fixed dtype such as "int32" or "bool", or None for the case's.
        values: Exact numbers instead of a draw.
        transform: Applied to the drawn array (make it sorted, positive definite...).
    """

    shape: Sizes = ()
    low: float = -2.0
    high: float = 2.0
    dtype: str | None = None
    values: Any = None
    transform: Callable[[np.ndarray], np.ndarray] | None = None

    def draw(self, random: np.random.Generator, sizes: Mapping[str, int]) -> np.ndarray:
        """The operand in float64 (or its fixed integer or bool dtype)."""
        if self.values is not None:
            array = np.asarray(self.values, self.dtype or np.float64)
        else:
            shape = tuple(sizes[n] if isinstance(n, str) else n for n in self.shape)
            if self.dtype == "bool":
                array = random.random(shape) < 0.5
            elif self.dtype and self.dtype.startswith(("int", "uint")):
                array = random.integers(math.ceil(self.low), math.floor(self.high), shape, endpoint=True)
                array = array.astype(self.dtype)
            else:
                array = random.uniform(self.low, self.high, shape)
        return self.transform(array) if self.transform else array


@dataclass(frozen=True)
class Bound:
    """|error| <= c * u * scale(*operands, **attributes), element by element, in float64.

    Attributes:
        c: Small constant.
        scale: The condition-aware magnitude; None means |y|, an error counted in units of the last place.
        gradient: The constant for gradients, relative to the largest element of each gradient.
    """

    c: float = 8.0
    scale: Callable[..., Any] | None = None
    gradient: float = 64.0


EXACT = Bound(c=0.0)


@dataclass(frozen=True, eq=False)
class Case:
    """One way to call an op.

    Attributes:
        operands: One entry per array parameter: a Sample, None, or a tuple of Samples for a variadic one.
        attributes: The other arguments.
        label: Tells it from the op's other cases.
        dtypes: Float or integer dtypes it is run in.
        bound: How far a result may be from the reference.
        differentiable: Whether gradients are compared, and which operands (indices) if not all floats.
        edges: Whether it is also run with symbolic axes of size 0 and 1.
        smooth: Whether its gradients are the limit of differences: False at kinks and ties, and where a gradient is
            stopped by definition.
        unique: Whether the result is the only right one for all operands in range, so that other draws may be judged.
        result: For each of `dtypes`, the dtype that the first result must have; () where it is not the case's point.
    """

    operands: tuple[Any, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    dtypes: Sequence[str] = FLOATS
    bound: Bound = Bound()
    differentiable: bool | tuple[int, ...] = True
    edges: bool = True
    smooth: bool = True
    unique: bool = True
    result: Sequence[str] = ()


def elementwise(
    count: int = 1,
    low: float = -2.0,
    high: float = 2.0,
    c: float = 8.0,
    scale: Callable[..., Any] | None = None,
    dtypes: Sequence[str] = FLOATS,
    differentiable: bool = True,
    **attributes: Any,
) -> list[Case]:
    """Cases of an elementwise op with `count` operands on [low, high]: a batch, broadcasting, and a scalar.

    Gradients, edges and broadcasting are those of the first dtype; of the others the values are compared.
    """
    bound, sample = Bound(c, scale), functools.partial(Sample, low=low, high=high)
    made = [
        Case((sample(("batch", 3)),) * count, attributes, "batch", dtypes[:1], bound, differentiable),
        Case((sample(()),) * count, attributes, "scalar", dtypes[:1], bound, False),
    ]
    if len(dtypes) > 1:
        made.append(Case((sample((4, 3)),) * count, attributes, "batch", dtypes[1:], bound, False))
    if count > 1:
        shapes: list[Sizes] = [("batch", 1, 3), (4, 1), (3,)]
        operands = tuple(map(sample, shapes[:count]))
        made.append(Case(operands, attributes, "broadcast", dtypes[:1], bound, differentiable))
    return made


def special(
    values: Sequence[float], count: int = 1, c: float = 8.0, dtypes: Sequence[str] = FLOATS, **attributes: Any
) -> list[Case]:
    """A case on exact special values (infinities, zeros, NaN); for two operands, on all pairs of them."""
    if count == 1:
        operands: tuple[Any, ...] = (Sample(values=values),)
    else:
        pairs = np.array([(a, b) for a in values for b in values])
        operands = (Sample(values=pairs[:, 0]), Sample(values=pairs[:, 1]))
    return [Case(operands, attributes, "special", dtypes, Bound(c), False)]


def every_half(
    low: float, high: float, c: float = 8.0, scale: Callable[..., Any] | None = None, **attributes: Any
) -> list[Case]:
    """A case of an elementwise op on every float16 and bfloat16 number in [low, high], in float64 too.

    Numbers that are denormal in bfloat16 are left out: the cases called divergence-25 say what becomes of them.
    """

    def numbers(_: np.ndarray) -> np.ndarray:
        patterns = np.arange(2**16, dtype=np.uint16)
        with np.errstate(invalid="ignore"):
            halves = [patterns.view(t).astype(np.float64) for t in (np.float16, ml_dtypes.bfloat16)]
        found = np.concatenate([x[(x >= low) & (x <= high)] for x in halves])
        return found[(found == 0.0) | (np.abs(found) >= 2.0**-126)]

    return [
        Case((Sample(values=0.0, transform=numbers),), attributes, "every half", OTHER_FLOATS, Bound(c, scale), False)
    ]


def exact(
    dtypes: Sequence[str], *operands: Any, label: str = "exact", result: Sequence[str] = (), **attributes: Any
) -> list[Case]:
    """A case whose results must be equal bit for bit, with no gradient."""
    return [Case(operands, attributes, label, dtypes, EXACT, False, result=result)]

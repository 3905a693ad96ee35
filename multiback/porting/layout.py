"""How another framework names and lays out the weights of layers that both have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np


@dataclass(frozen=True)
class Part:
    """One weight of a layer, made of arrays of the other framework.

    Attributes:
        weight: Its name in our layer, such as `kernel`.
        names: The names of the arrays below the layer's prefix, such as `("weight",)`.
        convert: Their numbers as ours.
        optional: Whether the other framework may lack them.
    """

    weight: str
    names: tuple[str, ...]
    convert: Callable[..., np.ndarray] = lambda array: array
    optional: bool = False


@dataclass(frozen=True)
class Layout:
    """The parts of each class of layers, and the names that carry nothing of ours.

    Attributes:
        parts: By the name of our class: the parts of a layer.
        ignored: Last parts of names that are not weights here.
        transparent: Our classes whose weights belong to the layer around them: cells.
    """

    parts: dict[str, Callable[[Any], Sequence[Part]]]
    ignored: frozenset[str] = frozenset()
    transparent: frozenset[str] = frozenset()


Names: TypeAlias = "dict[str, str] | Callable[[str], str] | None"
"""From the path of our layer or weight to the other framework's prefix or name."""

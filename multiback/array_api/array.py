"""`Array`: an array of whichever backend, with the operators and attributes of the array API standard."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from multiback.array_api import exchange, indexing
from multiback.array_api.dtype import DATA_TYPES, DataType
from multiback.array_api.operators import Operators
from multiback.backends import registry
from multiback.backends.protocol import Adapter
from multiback.errors import ArgumentError, ShapeError

VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")


class Array(Operators):
    """An array of the array API standard, around a native array.

    It belongs to the backend that was selected when it was made; all that is computed from it stays there. In-place
    operators and assignments give it a new native array, so that no other Array changes with it.

    Attributes:
        native: The array of the framework: a `torch.Tensor`, `jax.Array`...
        adapter: The adapter of its backend.
    """

    __slots__ = ("adapter", "native")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, native: Any, adapter: Adapter | None = None) -> None:
        self.adapter: Adapter = adapter or _owner(native)
        self.native = native

    @property
    def dtype(self) -> DataType:
        """The dtype: the namespace's attribute of that name."""
        return DATA_TYPES[self.adapter.dtype(self.native)]

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The sizes of its axes."""
        return tuple(self.adapter.shape(self.native))

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int | None:
        """The number of elements."""
        return None if None in self.shape else math.prod(self.shape)  # type: ignore[arg-type]

    @property
    def device(self) -> str:
        """Where it is."""
        return self.adapter.device(self.native)

    @property
    def T(self) -> Array:
        """The transposed matrix.

        Raises:
            ShapeError: unless it has two axes.
        """
        if self.ndim != 2:
            raise ShapeError(f".T is of matrices; the array has shape {self.shape}. Use .mT or permute_dims.")
        return self.mT

    @property
    def mT(self) -> Array:
        """The transposed matrices: the last two axes exchanged."""
        return self.__array_namespace__().matrix_transpose(self)

    def to_device(self, device: str, /, *, stream: Any = None) -> Array:
        """The array itself, if it is on that device.

        Raises:
            ArgumentError: for another device, to which multiback does not move single arrays.
        """
        exchange.check_device(self.adapter, device, self.device)
        return self

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        if api_version is not None and api_version not in VERSIONS:
            raise ArgumentError(
                f"Version {api_version!r} of the array API is not offered. Known: {', '.join(VERSIONS)}."
            )
        return sys.modules["multiback.array_api"]

    def __getitem__(self, key: Any, /) -> Array:
        return Array(indexing.get(self.adapter, self.native, key), self.adapter)

    def __setitem__(self, key: Any, value: Any, /) -> None:
        self.native = indexing.set(self.adapter, self.native, key, value)

    def __len__(self, /) -> int:
        if not self.shape:
            raise TypeError("A scalar has no length.")
        return self.shape[0]  # type: ignore[return-value]

    def __iter__(self, /) -> Iterator[Array]:
        return (self[i] for i in range(len(self)))

    def __dlpack__(
        self,
        /,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[Any, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        return exchange.to_dlpack(self, stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self, /) -> tuple[Any, int]:
        return exchange.dlpack_device(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.adapter.to_numpy(self.native), dtype, copy=copy)

    def item(self) -> bool | int | float | complex:
        """The number in an array of one element.

        Raises:
            ShapeError: if it has more or none.
        """
        if self.size != 1:
            raise ShapeError(f"Only an array of one element is a number; this one has shape {self.shape}.")
        return self.adapter.to_numpy(self.native).item()

    def __bool__(self, /) -> bool:
        return bool(self.item())

    def __int__(self, /) -> int:
        return int(self.item())  # type: ignore[arg-type]

    def __float__(self, /) -> float:
        return float(self.item())  # type: ignore[arg-type]

    def __complex__(self, /) -> complex:
        return complex(self.item())

    def __index__(self, /) -> int:
        if not self.dtype.multiback.is_integer or self.ndim:
            raise TypeError(f"Only an integer scalar is an index, not {self.dtype} of shape {self.shape}.")
        return int(self.item())  # type: ignore[arg-type]

    def __repr__(self) -> str:
        numbers = np.array2string(self.adapter.to_numpy(self.native), separator=", ", prefix="Array(")
        return f"Array({numbers}, dtype={self.dtype.name}, backend={self.adapter.name})"


def _owner(native: Any) -> Adapter:
    adapter = registry.owner(native)
    if adapter is None:
        raise ArgumentError(f"Array() wraps an array of a backend, got {type(native).__name__}. Use asarray.")
    return adapter

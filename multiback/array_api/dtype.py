"""The dtype objects of the namespace."""

from __future__ import annotations

from typing import Any

from multiback import dtypes
from multiback.dtypes import DType


class DataType:
    """A dtype of the array API standard, which must not be a string as `multiback.dtypes.DType` is; equal to its name.

    Attributes:
        name: Its name.
        multiback: The `DType` of that name.
    """

    __slots__ = ("multiback", "name")

    def __init__(self, dtype: DType) -> None:
        self.multiback = dtype
        self.name = str(dtype)

    def __eq__(self, other: Any) -> bool:
        return self.name == (other.name if isinstance(other, DataType) else other)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"multiback.array_api.{self.name}"


DATA_TYPES = {dtype: DataType(dtype) for dtype in dtypes.ALL.values()}
"""The one object for each dtype."""

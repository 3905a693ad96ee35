"""What the namespace can do on the selected backend: `__array_namespace_info__`."""

from __future__ import annotations

from typing import Any

from multiback import config, dtypes, ops
from multiback.array_api.dtype import DATA_TYPES, DataType
from multiback.array_api.exchange import check_device, default_device
from multiback.array_api.signatures import DTYPES
from multiback.backends import select


class Info:
    """The inspection functions of the array API standard."""

    def capabilities(self) -> dict[str, Any]:
        """Masks as indices and functions like `unique_values` work; arrays have up to 32 axes."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 32}

    def default_device(self) -> str:
        """Where new arrays of the selected backend are."""
        return default_device(select.selected())

    def devices(self) -> list[str]:
        """The devices on which arrays can be made: the default one."""
        return [self.default_device()]

    def default_dtypes(self, *, device: str | None = None) -> dict[str, DataType]:
        """The dtypes that Python numbers get, and that positions have."""
        check_device(select.selected(), device)
        floating = dtypes.as_dtype(config.floatx())
        return {
            "real floating": DATA_TYPES[floating],
            "complex floating": DATA_TYPES[dtypes.complex_of(floating)],
            "integral": DATA_TYPES[dtypes.int32],
            "indexing": DATA_TYPES[dtypes.int32],
        }

    def dtypes(self, *, device: str | None = None, kind: Any = None) -> dict[str, DataType]:
        """The dtypes of a kind (see `isdtype`), or all, by name."""
        check_device(select.selected(), device)
        found = {name: DATA_TYPES[dtypes.as_dtype(name)] for name in DTYPES}
        return found if kind is None else {n: d for n, d in found.items() if ops.isdtype(d, kind)}


def __array_namespace_info__() -> Info:
    """What the namespace can do on the selected backend."""
    return Info()

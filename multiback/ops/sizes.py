"""Symbolic sizes as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes
from multiback.graph.ir import Spec
from multiback.ops._cases import EXACT, Case
from multiback.ops._define import primitive


def _typed(call: dict[str, Any]) -> None:
    call["dtype"] = dtypes.as_dtype(call["dtype"])


@primitive(
    canonical=_typed,
    cases=[
        Case((), {"size": size, "dtype": dtype}, f"{size} {dtype}", (dtype,), EXACT, False)
        for size, dtype in (
            (7, "int32"),
            (5, "float32"),
            (0, "int32"),
            (3, "float64"),
            (9, "bfloat16"),
            (2**40, "int64"),
        )
    ],
)
def dimension(size: Any, dtype: Any) -> Spec:
    """A size, such as the batch's, as a scalar array of `dtype`."""
    return Spec((), dtype)


@dimension.meaning
def _(size: Any, dtype: Any) -> Any:
    return np.asarray(size, dtype.numpy)


@dimension.vjp
def _(*_: Any, **__: Any) -> Any:
    return ()

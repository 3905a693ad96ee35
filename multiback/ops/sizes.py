"""Symbolic sizes as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes
from multiback.graph.ir import Spec
from multiback.ops._define import primitive


@primitive()
def dimension(size: Any, dtype: Any) -> Spec:
    """A size, such as the batch's, as a scalar array of `dtype`."""
    return Spec((), dtypes.as_dtype(dtype))


@dimension.meaning
def _(size: Any, dtype: Any) -> Any:
    return np.asarray(size, dtype.numpy)


@dimension.vjp
def _(*_: Any, **__: Any) -> Any:
    return ()

"""Logits of what is left out."""

from __future__ import annotations

from typing import Any

from multiback.dtypes import as_dtype


def lowest_logit(dtype: Any) -> float:
    """A logit that has weight 0 next to any other, and is finite in this dtype."""
    return -3e4 if as_dtype(dtype) == "float16" else -1e9

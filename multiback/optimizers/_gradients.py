"""Clipping of gradients, and whether they are finite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops


def clip_by_value(gradients: Sequence[Any], limit: float) -> list[Any]:
    """Each element brought into [-limit, limit]."""
    return [ops.clip(g, -limit, limit) for g in gradients]


def clip_by_norm(gradients: Sequence[Any], limit: float) -> list[Any]:
    """Each gradient scaled by limit / max(||g||, limit), so that its Euclidean norm is at most `limit`."""
    return [g * (limit / ops.maximum(_norm([g]), limit)) for g in gradients]


def clip_by_global_norm(gradients: Sequence[Any], limit: float) -> list[Any]:
    """All gradients scaled by limit / max(||g||, limit), with the norm over all of them; NaN unless that is finite."""
    norm = _norm(gradients)
    factor = limit / ops.maximum(norm, limit) + (norm - norm)
    return [g * factor for g in gradients]


def all_finite(gradients: Sequence[Any]) -> Any:
    """Whether no element of any gradient is infinite or NaN: a scalar bool."""
    return ops.all(ops.stack([ops.all(ops.isfinite(g)) for g in gradients]))


def _norm(gradients: Sequence[Any]) -> Any:
    squares = [ops.sum(ops.square(g)) for g in gradients]
    return ops.sqrt(squares[0] if len(squares) == 1 else ops.sum(ops.stack(squares)))

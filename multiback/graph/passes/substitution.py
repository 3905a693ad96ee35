"""Replacing values by others."""

from __future__ import annotations

from typing import Any, TypeAlias

from multiback.graph.ir import Operand, Value, map_tuple

Substitution: TypeAlias = "dict[Value, Any]"


def substitute(operand: Operand, env: Substitution) -> Any:
    """The operand with values replaced as `env` says."""
    return map_tuple(lambda x: env.get(x, x) if isinstance(x, Value) else x, operand)

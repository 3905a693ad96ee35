"""Every op is documented; that it agrees on all backends is shown by ../test_conformance.py."""

from __future__ import annotations

import pytest

import multiback.ops
from multiback.graph.op import OPS

assert multiback.ops


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_is_documented(name: str) -> None:
    assert (OPS[name].__doc__ or "").strip(), f"ops.{name} has no docstring"

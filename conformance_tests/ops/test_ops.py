"""Every case of every op: values, shapes, dtypes and gradients against the float64 reference, in the case's bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import multiback.ops
from multiback.backends.protocol import Adapter
from multiback.graph.op import OPS
from multiback.testing.deviations import deviations
from multiback.testing.ops import check_case

CONTROL = {"cond", "while_loop", "scan", "value_and_grad"}
"""Ops with sub-graphs are tested by conformance_tests/graph."""


def _cases() -> Iterator[Any]:
    for op in OPS.values():
        for index, case in enumerate(op.cases):
            for dtype in case.dtypes:
                yield pytest.param(op.name, index, dtype, id=f"{op.name}-{case.label}-{dtype}")


@pytest.mark.parametrize(("name", "index", "dtype"), list(_cases()))
def test_op_agrees_with_the_reference(adapter: Adapter, name: str, index: int, dtype: str) -> None:
    case = OPS[name].cases[index]
    if f"{name}/{case.label}/{dtype}" in deviations(adapter):
        with pytest.raises(AssertionError):
            check_case(OPS[name], case, adapter, dtype)
    else:
        check_case(OPS[name], case, adapter, dtype)


def test_deviations_are_of_cases(adapter: Adapter) -> None:
    known = {f"{n}/{case.label}/{dtype}" for n, op in OPS.items() for case in op.cases for dtype in case.dtypes}
    assert set(deviations(adapter)) <= known


@pytest.mark.parametrize("name", [n for n, op in OPS.items() if op.composite])
def test_fast_path_agrees_with_the_body(adapter: Adapter, name: str) -> None:
    if name in adapter.fast:
        for case in OPS[name].cases:
            check_case(OPS[name], case, adapter, case.dtypes[0], fast=False)


def test_every_op_has_cases() -> None:
    assert multiback.ops
    assert not [n for n, op in OPS.items() if not op.cases and n not in CONTROL]


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_is_documented(name: str) -> None:
    assert (OPS[name].__doc__ or "").strip(), f"ops.{name} has no docstring"

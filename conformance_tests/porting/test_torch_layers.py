"""Every layer of torch.nn in its variants, imported and verified in float64: outputs, gradients, a step, statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch_layers import cases

import multiback as mb

_EVERY = 9
"""The suite takes every ninth case; `--thorough` all."""


@pytest.mark.filterwarnings("ignore:reduction. .mean. divides")
@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        pytest.param(make, inputs, id=name, marks=[] if i % _EVERY == 0 else [pytest.mark.thorough])
        for i, (name, make, inputs) in enumerate(cases())
    ],
)
def test_layers(make: Callable[[], nn.Module], inputs: tuple[Any, ...]) -> None:
    torch.manual_seed(0)
    given = tuple(torch.rand(*x) if isinstance(x, tuple) else x for x in inputs)
    report = mb.from_torch(make(), given, verify=["torch"]).port_report
    assert report.verified and not report.failed
    assert {"forward", "gradients"} <= {row.quantity for row in report.rows}

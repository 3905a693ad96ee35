"""Every layer on every backend: outputs, gradients and new state in float64 against the NumPy adapter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from layer_evaluation import assert_near, evaluate, made, reference
from layer_table import ROWS

from multiback import tree


@pytest.mark.parametrize("index", range(len(ROWS)), ids=[str(r) for r in ROWS])
def test_values_and_gradients(index: int, backend: str) -> None:
    row = ROWS[index]
    if backend == "numpy":
        _check_gradients_by_differences(index)
        return
    got, want = evaluate(row, made(row), row.inputs("float64")), reference(index)
    assert_near(got.outputs, want.outputs, 1e-13)
    assert_near(got.gradients, want.gradients, 1e-12)
    assert_near(got.state, want.state, 1e-13)


def _check_gradients_by_differences(index: int) -> None:
    """The reference's own gradients, along one random direction."""
    row, want = ROWS[index], reference(index)
    assert [x.shape for x in want.outputs] == [row.output]
    if not want.gradients:
        return
    random = np.random.default_rng(3)
    directions = [random.uniform(-1, 1, g.shape) for g in want.gradients]
    step = 1e-6
    ahead, behind = (_loss_at(row, directions, s) for s in (step, -step))
    slope = sum(float(np.sum(g * d)) for g, d in zip(want.gradients, directions))
    scale = sum(float(np.sum(np.abs(g * d))) for g, d in zip(want.gradients, directions))
    assert abs((ahead - behind) / (2 * step) - slope) <= 1e-6 * max(scale, 1.0)


def _loss_at(row: Any, directions: Sequence[np.ndarray], step: float) -> float:
    layer, inputs = made(row), row.inputs("float64")
    if layer.trainable_variables:
        for variable, direction in zip(layer.trainable_variables, directions):
            variable.assign(variable.numpy() + step * direction)
    else:
        moved = [x + step * d for x, d in zip(tree.leaves(inputs), directions)]
        inputs = moved if row.is_list else moved[0]
    return evaluate(row, layer, inputs).loss

"""`run_many`: several runs in one call leave the state and give the results of the same runs one by one."""

from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import ops, tree
from multiback.backends import Options, get_adapter
from multiback.backends.compile import Compiled, Program

RNG = np.random.default_rng(1)
STEPS = 5


class Counted:
    """A small recurrence over calls: some state changes, some does not, and one number only counts."""

    def __init__(self, dtype: str, convolution: bool) -> None:
        draw = lambda *shape: (RNG.standard_normal(shape) / 32).astype(dtype)  # noqa: E731
        self.weight = mb.Variable(draw(3, 3, 4, 4) if convolution else draw(4, 4))
        self.memory = mb.Variable(draw(2, 5, 5, 4) if convolution else draw(6, 4))
        self.count = mb.Variable(0, dtype="int32")
        self.convolution = convolution

    def step(self, scale: Any, x: Any) -> Any:
        y = ops.conv(self.memory, self.weight, padding="same") if self.convolution else self.memory @ self.weight
        self.memory.assign(ops.tanh(y + x) * scale)
        self.count.assign_add(1)
        return ops.sum(x), self.memory * 2

    def state(self) -> list[np.ndarray]:
        return [v.numpy() for v in (self.weight, self.memory, self.count)]


def _program(counted: Counted, backend: str, arguments: list[np.ndarray]) -> tuple[Program, list[Any]]:
    adapter = get_adapter(backend)
    compiled = Compiled(counted.step, "step", Options(), batched=False)
    native = [adapter.from_numpy(a) for a in arguments]
    leaves, structure = tree.flatten(tuple(native))
    return compiled.program(adapter, leaves, structure, native, [0, 1]), native


@pytest.mark.parametrize(("dtype", "convolution"), [("float32", False), ("float64", False), ("float32", True)])
def test_runs_in_one_call_are_the_same_runs(backend: str, dtype: str, convolution: bool) -> None:
    one = Counted(dtype, convolution)
    many = Counted(dtype, convolution)
    for mine, other in zip((many.weight, many.memory), (one.weight, one.memory)):
        mine.assign(other.numpy())
    scale = np.asarray(0.75, dtype)
    rows = RNG.standard_normal((STEPS, *one.memory.shape)).astype(dtype)
    program, native = _program(one, backend, [scale, rows[0]])
    for row in rows:
        expected = program.run([native[0], get_adapter(backend).from_numpy(row)])
    again, native = _program(many, backend, [scale, rows[0]])
    results = again.run_many([native[0]], [get_adapter(backend).from_numpy(rows)])
    adapter = get_adapter(backend)
    # Inside a loop a step may add its 37 terms in another order; with such small weights errors shrink at each step.
    bound = 2 * STEPS * 37 * np.finfo(dtype).eps
    for a, b in zip(many.state(), one.state(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=bound)
    for a, b in zip(results, expected, strict=True):
        np.testing.assert_allclose(adapter.to_numpy(a), adapter.to_numpy(b), rtol=0, atol=8 * bound)
    assert int(many.count) == STEPS

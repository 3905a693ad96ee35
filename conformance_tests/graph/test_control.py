"""Control flow and gradients as equations, on every backend, against Python and finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from multiback import ops
from multiback.backends.compile import Compiled
from multiback.backends.protocol import Adapter
from multiback.errors import GradientError, ShapeError, StateError, TraceError
from multiback.variables import Variable

X = np.array([0.5, -1.0, 2.0], "float64")


def run(adapter: Adapter, function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    from multiback import tree

    return tree.map(adapter.to_numpy, Compiled(function, batched=False)(*arrays, adapter=adapter))


def test_cond_runs_one_branch(adapter: Adapter) -> None:
    def function(x: Any) -> Any:
        return ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: -x)

    np.testing.assert_array_equal(run(adapter, function, X), X * 2)
    np.testing.assert_array_equal(run(adapter, function, -X), X)


def test_cond_assigns_variables(adapter: Adapter) -> None:
    counter = Variable(np.float32(1.0), name="counter")

    def function(x: Any) -> Any:
        def add() -> Any:
            counter.assign(counter + 10.0)
            return x

        return ops.cond(ops.sum(x) > 0, add, lambda: x)

    run(adapter, function, X)
    assert float(counter.numpy()) == 11.0
    run(adapter, function, -X)
    assert float(counter.numpy()) == 1.0 + 10.0


def test_while_loop_repeats(adapter: Adapter) -> None:
    def function(x: Any) -> Any:
        return ops.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, y * x), (0, ops.cast(x * 0 + 1, "float64")))

    steps, power = run(adapter, function, X)
    assert steps == 5
    np.testing.assert_allclose(power, X**5, rtol=1e-14)


@pytest.mark.parametrize("reverse", [False, True])
def test_scan_stacks_and_carries(adapter: Adapter, reverse: bool) -> None:
    xs = np.arange(12.0).reshape(4, 3)

    def function(xs: Any) -> Any:
        return ops.scan(lambda c, x: (c + x, c * 2), ops.sum(xs, axis=0) * 0, xs, reverse=reverse)

    total, rows = run(adapter, function, xs)
    carry, expected = np.zeros(3), []
    for x in xs[::-1] if reverse else xs:
        expected.append(carry * 2)
        carry = carry + x
    np.testing.assert_array_equal(total, carry)
    np.testing.assert_array_equal(rows, expected[::-1] if reverse else expected)


def test_gradient_through_scan(adapter: Adapter) -> None:
    def loss(w: Any, xs: Any) -> Any:
        last, rows = ops.scan(lambda c, x: (ops.tanh(c * w + x), c * x), w * 0, xs)
        return ops.sum(last) + ops.sum(rows * w)

    xs = np.random.default_rng(0).normal(size=(3, 3))
    got = run(adapter, lambda w, xs: ops.grad(loss, argnums=(0, 1))(w, xs), X, xs)

    def value(w: np.ndarray, xs: np.ndarray) -> float:
        c, total = np.zeros(3), 0.0
        for x in xs:
            total += float(np.sum(c * x * w))
            c = np.tanh(c * w + x)
        return total + float(np.sum(c))

    for gradient, index in zip(got, (0, 1)):
        expected = finite_differences(lambda a, i=index: value(*[a if i == j else b for j, b in enumerate((X, xs))]),
                                      (X, xs)[index])  # fmt: skip
        np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-8)


def finite_differences(function: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * step
            gradient[index] += sign * function(moved) / (2 * step)
    return gradient


def test_gradient_through_cond(adapter: Adapter) -> None:
    def loss(x: Any) -> Any:
        return ops.sum(ops.cond(x[0] > 0, lambda: x * x, lambda: x * 3))

    np.testing.assert_allclose(run(adapter, ops.grad(loss), X), 2 * X)
    np.testing.assert_allclose(run(adapter, ops.grad(loss), -X), [3.0, 3.0, 3.0])


def test_gradients_of_gradients(adapter: Adapter) -> None:
    def first(x: Any) -> Any:
        return ops.grad(lambda y: ops.sum(y * y * y * y))(x)

    np.testing.assert_allclose(run(adapter, first, X), 4 * X**3, rtol=1e-14)
    second = run(adapter, ops.grad(lambda x: ops.sum(first(x))), X)
    np.testing.assert_allclose(second, 12 * X**2, rtol=1e-14)
    third = run(adapter, ops.grad(lambda x: ops.sum(ops.grad(lambda y: ops.sum(first(y)))(x))), X)
    np.testing.assert_allclose(third, 24 * X, rtol=1e-14)


def test_gradient_for_variables_and_assignment_inside(adapter: Adapter) -> None:
    weight = Variable(X, name="weight")
    calls = Variable(np.zeros((), "float64"), trainable=False, name="calls")

    def step(x: Any) -> Any:
        def loss() -> Any:
            calls.assign(calls + 1.0)
            return ops.sum(weight * weight * x)

        value, (gradient,) = ops.value_and_grad(loss, variables=[weight])()
        weight.assign(weight - 0.1 * gradient)
        return value

    value = run(adapter, step, X)
    np.testing.assert_allclose(value, np.sum(X**3))
    np.testing.assert_allclose(weight.numpy(), X - 0.2 * X * X, rtol=1e-14)
    assert float(calls.numpy()) == 1.0


def test_an_input_that_is_not_used_has_gradient_zero(adapter: Adapter) -> None:
    np.testing.assert_array_equal(run(adapter, ops.grad(lambda x, y: ops.sum(x), argnums=1), X, X), np.zeros(3))


def test_eager_gradients(backend: str) -> None:
    value, gradient = ops.value_and_grad(lambda x: ops.sum(x * x))(X)
    assert float(value) == pytest.approx(5.25)
    np.testing.assert_allclose(np.asarray(gradient), 2 * X)


class TestErrors:
    def test_python_if_on_an_abstract_value(self, adapter: Adapter) -> None:
        with pytest.raises(TraceError, match=r"test_control\.py:\d+: the truth value .* Use ops\.cond"):
            run(adapter, lambda x: x if ops.sum(x) > 0 else -x, X)

    def test_a_value_that_outlived_its_trace(self, adapter: Adapter) -> None:
        kept = []
        run(adapter, lambda x: kept.append(x) or x, X)
        with pytest.raises(TraceError, match="after the function it belongs to had been traced"):
            ops.exp(kept[0])

    def test_gradient_of_a_vector(self, adapter: Adapter) -> None:
        with pytest.raises(GradientError, match="a scalar float"):
            run(adapter, ops.grad(lambda x: x * 2), X)

    def test_gradient_for_integers(self, adapter: Adapter) -> None:
        with pytest.raises(GradientError, match="Only float arrays"):
            run(adapter, ops.grad(lambda x: ops.sum(ops.cast(x, "float32"))), np.arange(3, dtype="int32"))

    def test_gradient_of_while_loop(self) -> None:
        def loss(x: Any) -> Any:
            return ops.sum(ops.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), (0, x))[1])

        from multiback.backends.registry import get_adapter

        with pytest.raises(GradientError, match=r"while_loop has no reverse-mode gradient"):
            run(get_adapter("numpy"), ops.grad(loss), X)

    def test_branches_that_differ(self, adapter: Adapter) -> None:
        with pytest.raises(ShapeError, match="they must be equal"):
            run(adapter, lambda x: ops.cond(x[0] > 0, lambda: x, lambda: x[:2]), X)

    def test_carry_that_changes(self, adapter: Adapter) -> None:
        with pytest.raises(ShapeError, match="loop variable 0"):
            run(adapter, lambda x: ops.while_loop(lambda y: y[0] < 3, lambda y: (y[:1],), (x,)), X)

    def test_assignment_in_a_loop(self, adapter: Adapter) -> None:
        counter = Variable(np.zeros((), "float32"), name="counter")

        def body(i: Any) -> Any:
            counter.assign(counter + 1.0)
            return (i + 1,)

        with pytest.raises(StateError, match=r"'counter' was assigned inside ops\.while_loop"):
            run(adapter, lambda x: ops.while_loop(lambda i: i < 3, body, (0,)), X)

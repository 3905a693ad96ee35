"""What all optimizers share in a step, beside the numbers, which the kit has: rates, constraints, custom optimizers."""

from __future__ import annotations

import numpy as np
import pytest

import multiback as mb
from multiback import ops, optimizers
from multiback.errors import ArgumentError, ShapeError, StateError

SHAPES = [(3, 4), (4,)]


def values(seed: int, dtype: str = "float64") -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype) for shape in SHAPES]


def variables(dtype: str = "float64") -> list[mb.Variable]:
    return [mb.Variable(x, name=name) for x, name in zip(values(0, dtype), ("kernel", "bias"))]


@pytest.fixture
def double():
    mb.config.set_floatx("float64")
    yield
    mb.config.set_floatx("float32")


def test_exclusion_from_decay_comes_before_building():
    optimizer = optimizers.SGD(0.1, weight_decay=0.3)
    optimizer.build(variables())
    with pytest.raises(StateError, match="before the optimizer is built"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])


def test_averages_become_the_variables(backend, double):
    targets, optimizer = variables(), optimizers.SGD(0.5, use_ema=True, ema_momentum=0.75)
    for _ in range(2):
        optimizer.apply([np.ones((3, 4)), np.ones(4)], targets)
    optimizer.finalize_variable_values(targets)
    np.testing.assert_allclose(targets[1].numpy(), values(0)[1] - 0.75 * 0.5 - 0.25 * 1.0, rtol=1e-14)


def test_a_variable_excluded_by_itself():
    kernel, bias = variables()
    optimizer = optimizers.SGD(1.0, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[kernel])
    with mb.use_backend("numpy"):
        optimizer.apply([np.zeros((3, 4)), np.zeros(4)], [kernel, bias])
    np.testing.assert_array_equal(kernel.numpy(), values(0)[0])
    np.testing.assert_array_equal(bias.numpy(), values(0)[1] * 0.5)


def test_schedule_counts_every_call(backend, double):
    optimizer = optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5), gradient_accumulation_steps=2)
    targets = variables()
    for t in range(3):
        optimizer.apply(values(10 + t), targets)
    assert float(optimizer.learning_rate) == pytest.approx(0.1 * 0.5 ** (3 / 2))


def test_rate_set_between_steps(backend, double):
    targets, optimizer = variables(), optimizers.SGD(0.5)
    optimizer.apply([np.ones((3, 4)), np.ones(4)], targets)
    optimizer.learning_rate = 0.25
    optimizer.apply([np.ones((3, 4)), np.ones(4)])
    np.testing.assert_array_equal(targets[1].numpy(), values(0)[1] - 0.5 - 0.25)
    optimizer.learning_rate = optimizers.schedules.PiecewiseConstantDecay([2], [1.0, 0.0])
    optimizer.apply([np.ones((3, 4)), np.ones(4)])
    optimizer.apply([np.ones((3, 4)), np.ones(4)])
    np.testing.assert_array_equal(targets[1].numpy(), values(0)[1] - 0.5 - 0.25 - 1.0)
    assert len(optimizer.variables) == 1
    with pytest.raises(StateError, match="cannot be set to a number"):
        optimizer.learning_rate = 0.1


def test_rate_from_a_function_that_reads_a_variable(backend):
    rate = mb.Variable(0.5, trainable=False)
    optimizer, target = optimizers.SGD(lambda: rate * 2), mb.Variable([1.0, 2.0])
    optimizer.apply([[1.0, 1.0]], [target])
    rate.assign(0.125)
    optimizer.apply([[1.0, 1.0]])
    np.testing.assert_array_equal(target.numpy(), [-0.25, 0.75])


def test_constraint_after_the_update(backend):
    target = mb.Variable([1.0, -3.0], constraint=lambda x: ops.maximum(x, 0.0))
    optimizers.SGD(0.5).apply([[-1.0, 1.0]], [target])
    np.testing.assert_array_equal(target.numpy(), [1.5, 0.0])


def test_two_dtypes_in_one_optimizer(backend):
    single, double = mb.Variable([1.0], dtype="float32"), mb.Variable([1.0], dtype="float64")
    optimizer = optimizers.SGD(0.5, momentum=0.5, weight_decay=0.5, use_ema=True)
    optimizer.apply([np.array([1.0]), np.array([1.0])], [single, double])
    assert single.numpy() == double.numpy() == 0.25
    assert [v.dtype for v in optimizer.variables] == ["int32", *["float32"] * 2, "float64", "float32", "float64"]


def test_missing_gradients_leave_a_variable(backend):
    kernel, bias = variables()
    optimizer = optimizers.Adam(0.1)
    with pytest.warns(UserWarning, match="does not depend on bias"):
        optimizer.apply([np.ones((3, 4)), None], [kernel, bias])
    np.testing.assert_array_equal(bias.numpy(), values(0)[1])
    assert np.all(kernel.numpy() != values(0)[0])
    with pytest.raises(ArgumentError, match="No gradient"):
        optimizer.apply([None, None])
    assert int(optimizer.iterations) == 1


def test_a_variable_overwritten_with_its_gradient(backend):
    kernel, scale = mb.Variable([1.0]), mb.Variable([2.0])
    scale.overwrite_with_gradient = True
    optimizer = optimizers.Adam(0.5, weight_decay=0.5, loss_scale_factor=4.0)
    optimizer.apply([np.array([4.0]), np.array([7.0])], [kernel, scale])
    assert scale.numpy() == 7.0
    assert len(optimizer.variables) == 4


def test_overwriting_with_the_largest_accumulated_gradient(backend):
    kernel, scale = mb.Variable([1.0]), mb.Variable([2.0])
    scale.overwrite_with_gradient = True
    optimizer = optimizers.SGD(0.5, gradient_accumulation_steps=2)
    seen = []
    for value in (7.0, 5.0, 1.0, 3.0):
        optimizer.apply([np.array([1.0]), np.array([value])], [kernel, scale])
        seen.append(float(scale.numpy()[0]))
    assert seen == [2.0, 7.0, 7.0, 3.0]


class SignDescent(optimizers.Optimizer):
    """A custom optimizer as Keras's documentation has it: one variable at a time, with a slot of its own."""

    def build(self, variables):
        super().build(variables)
        self.counts = [self.add_variable_from_reference(v, name="count", initializer="zeros") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        count = self.counts[self._get_variable_index(variable)]
        self.assign_add(count, ops.ones(variable.shape))
        self.assign_sub(variable, ops.multiply(learning_rate, ops.sign(gradient)) * count)


class HalfAdam(optimizers.Adam):
    """An optimizer that changes the step of a built-in one."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate * 0.5)


@pytest.mark.parametrize("eagerly", [False, True])
def test_custom_optimizer(backend, eagerly):
    target, optimizer = mb.Variable([1.0, -2.0], path="dense/kernel"), SignDescent(0.25)
    optimizer.run_eagerly = eagerly
    for _ in range(2):
        optimizer.apply([np.array([3.0, -4.0], "float32")], [target])
    np.testing.assert_array_equal(target.numpy(), [0.25, -1.25])
    names = [v.path for v in optimizer.variables]
    assert names == [f"sign_descent/{n}" for n in ("iteration", "learning_rate", "dense_kernel_count")]


def test_subclass_of_a_built_in_optimizer(backend):
    ours, theirs = mb.Variable([1.0, -2.0]), mb.Variable([1.0, -2.0])
    HalfAdam(0.5).apply([[3.0, -4.0]], [ours])
    optimizers.Adam(0.25).apply([[3.0, -4.0]], [theirs])
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_recorded_in_a_larger_graph(adapter, double):
    """The gradient and the step in one compiled function, as a training step has them."""
    from multiback.backends.compile import Compiled

    w = mb.Variable([1.0, -2.0, 3.0])
    optimizer = optimizers.SGD(0.25, momentum=0.5)

    def step(x):
        loss, gradients = ops.value_and_grad(lambda: ops.sum((w * x) ** 2), variables=[w])()
        optimizer.apply(gradients, [w])
        return loss

    train, x, m, want = Compiled(step), np.array([[1.0, 0.5, 0.25]]), np.zeros(3), np.array([1.0, -2.0, 3.0])
    for _ in range(3):
        loss = float(adapter.to_numpy(train(x)))
        assert loss == pytest.approx(np.sum((want * x) ** 2), rel=1e-14)
        m = 0.5 * m - 0.25 * 2 * want * x[0] ** 2
        want = want + m
        np.testing.assert_allclose(w.numpy(), want, rtol=1e-14)


def test_a_step_is_few_equations():
    """Adam's step is one equation for all variables, and a number of scalar ones that does not grow with them."""
    from multiback.graph.ir import Spec
    from multiback.graph.trace import trace

    counts = []
    for n in (2, 30):
        targets = [mb.Variable(np.zeros(3)) for _ in range(n)]
        optimizer = optimizers.AdamW(0.1, use_ema=True)
        optimizer.build(targets)
        graph = trace(optimizer.apply, [Spec(v.shape, v.dtype) for v in targets]).graph
        counts.append(len(graph.equations))
        assert sum(e.op.name == "adam_update" for e in graph.equations) == 1
    assert counts[0] == counts[1] <= 25


def test_stateless_apply(backend, adapter):
    kernel, bias = variables("float32")
    optimizer = optimizers.Adam(0.1, gradient_accumulation_steps=2)
    optimizer.build([kernel, bias])
    state = [adapter.from_numpy(v.numpy()) for v in optimizer.variables]
    arrays = [adapter.from_numpy(v.numpy()) for v in (kernel, bias)]
    for t in range(2):
        gradients = [adapter.from_numpy(x) for x in values(10 + t, "float32")]
        arrays, state = optimizer.stateless_apply(state, gradients, arrays)
    assert int(optimizer.iterations) == 0
    np.testing.assert_array_equal(kernel.numpy(), values(0, "float32")[0])
    for t in range(2):
        optimizer.apply(values(10 + t, "float32"))
    for got, want in zip([*arrays, *state], [kernel, bias, *optimizer.variables], strict=True):
        np.testing.assert_array_equal(adapter.to_numpy(got), want.numpy())


def test_stateless_apply_inside_jax_jit():
    """Also where a step decides by data: accumulation and loss scaling become conditionals of JAX."""
    import jax

    with mb.use_backend("jax"):
        inner = optimizers.Adam(0.1, gradient_accumulation_steps=2)
        optimizer = optimizers.LossScaleOptimizer(inner, initial_scale=4.0)
        targets = variables("float32")
        optimizer.build(targets)
        step = jax.jit(optimizer.stateless_apply)
        state = [v.numpy() for v in optimizer.variables], [v.numpy() for v in targets]
        for t, factor in enumerate((1.0, np.nan, 2.0, 3.0)):
            gradients = [x * np.float32(factor) for x in values(10 + t, "float32")]
            new, slots = step(state[0], gradients, state[1])
            state = slots, new
            optimizer.apply(gradients)
        for got, want in zip([*state[1], *state[0]], [*targets, *optimizer.variables], strict=True):
            np.testing.assert_allclose(np.asarray(got), want.numpy(), rtol=1e-6, atol=1e-7)
        assert int(inner.iterations) == 1


def test_bad_input_changes_nothing(backend):
    kernel, bias = variables()
    optimizer = optimizers.SGD(0.1)
    with pytest.raises(StateError, match="needs a built optimizer"):
        optimizer.apply([np.ones(4)])
    with pytest.raises(ShapeError, match=r"gradient of 'bias' has shape \(3,\), the variable \(4,\)"):
        optimizer.apply([np.ones((3, 4)), np.ones(3)], [kernel, bias])
    with pytest.raises(ArgumentError, match="1 gradients for 2 variables"):
        optimizer.apply([np.ones((3, 4))])
    with pytest.raises(StateError, match="'other' is not one of those"):
        optimizer.apply([np.ones(4)], [mb.Variable(np.ones(4), name="other")])
    with pytest.raises(ArgumentError, match="takes 2 optimizer variables, got 0"):
        optimizer.stateless_apply([], [np.ones((3, 4)), np.ones(4)], [])
    optimizer.apply([])
    np.testing.assert_array_equal(kernel.numpy(), values(0)[0])
    assert int(optimizer.iterations) == 0

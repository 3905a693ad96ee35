"""TensorFlow's functions and modules as models: single ops, networks, control flow, and what cannot be ported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_cases import ALL, OpCase
from tensorflow_nets import NETS, Perceptron, Recurrent
from tensorflow_single import model_of

import multiback as mb
from multiback import ops, porting
from multiback.errors import ArgumentError, PortError, UnsupportedModel

pytestmark = pytest.mark.filterwarnings("ignore")


def _op_cases() -> list[Any]:
    """The first case of each op always, the others when asked for."""
    seen: set[str] = set()
    found = []
    for i, case in enumerate(ALL):
        marks = [pytest.mark.thorough] if case.op in seen else []
        seen.add(case.op)
        found.append(pytest.param(case, marks=marks, id=f"{i}-{case}"))
    return found


@pytest.mark.parametrize("case", _op_cases())
def test_op(case: OpCase) -> None:
    """One op on NumPy against TensorFlow's kernel, in float64 where it has one: values, and gradients of its inputs."""
    module, inputs = model_of(case)
    model = mb.from_tensorflow(module, inputs, dynamic_batch=case.batch, verify=["numpy"])
    assert model.port_report.passed
    wanted = [y.dtype.name for y in tf.nest.flatten(tf.function(module)(*inputs))]
    graph = model.recorded.forms[False].graph
    assert [str(y.dtype) for y in graph.results] == wanted


@pytest.mark.parametrize(
    "backends", [["tensorflow", "torch"], pytest.param(["jax", "numpy"], marks=pytest.mark.thorough)]
)
@pytest.mark.parametrize("name", NETS)
def test_network(name: str, backends: list[str]) -> None:
    """Outputs at two batch sizes, gradients, a step of SGD, statistics after training."""
    build, inputs = NETS[name]
    model = mb.from_tensorflow(build(), inputs, verify=backends)
    quantities = {(row.backend, row.quantity) for row in model.port_report.rows}
    for backend in backends:
        assert (backend, "forward, another batch size") in quantities
        assert (backend, "gradients") in quantities or name == "halving"
        if name.startswith("convolutional"):
            assert (backend, "statistics after a training step") in quantities


def test_networks_are_judged_in_float64() -> None:
    """The original is followed in float64 by TensorFlow's own kernels, so that no formula hides behind rounding."""
    build, inputs = NETS["transformer"]
    report = mb.from_tensorflow(build(), inputs, verify=["jax"]).port_report
    assert {row.precision for row in report.rows} == {"float64"}


def test_a_wrong_handler_is_found() -> None:
    """The comparison fails when an op computes something else."""
    build, inputs = NETS["unet"]
    porting.register("tensorflow", "Elu")(lambda features, **_: ops.relu(features))
    try:
        with pytest.raises(PortError, match="does not compute"):
            mb.from_tensorflow(build(), inputs, verify=["numpy"])
    finally:
        porting.unregister("tensorflow", "Elu")


def test_weights_keep_their_names_and_layout() -> None:
    module = Perceptron()
    model = mb.from_tensorflow(module, NETS["perceptron"][1], verify=False)
    wanted = {v.name.removesuffix(":0"): v for v in module.variables}
    assert set(model.named_weights) == set(wanted)
    for name, variable in wanted.items():
        np.testing.assert_array_equal(model.named_weights[name].numpy(), variable.numpy())
        assert model.named_weights[name].trainable == variable.trainable


def test_unnamed_variables_are_named_by_their_attribute() -> None:
    class Plain(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = tf.Variable(2.0)
            self.parts = [tf.Variable(3.0), tf.Variable(4.0)]

        def __call__(self, x: Any) -> Any:
            return x * self.scale + self.parts[0] * self.parts[1]

    model = mb.from_tensorflow(Plain(), np.ones((2, 3), np.float32), verify=["numpy"])
    assert set(model.named_weights) == {"scale", "parts.0", "parts.1"}


def test_dropout_is_a_switch() -> None:
    model = mb.from_tensorflow(Perceptron(), NETS["perceptron"][1], verify=False)
    x = NETS["perceptron"][1][0]
    quiet = [np.asarray(model(x, training=False)) for _ in range(2)]
    np.testing.assert_array_equal(*quiet)
    assert not np.array_equal(np.asarray(model(x, training=True)), quiet[0])


def test_loops_of_known_length_are_scans() -> None:
    """So that they can be differentiated on every backend, whatever the length of the sequence."""
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    module = Recurrent()
    spec = tf.TensorSpec([None, None, 3], tf.float32)
    model = mb.from_tensorflow(tf.function(module.__call__, input_signature=[spec]), x, verify=False)
    names = [e.op.name for e in model.recorded.forms[False].graph.walk()]
    assert "scan" in names and "while_loop" not in names
    open_model = mb.from_tensorflow(tf.function(module.__call__, input_signature=[spec]), verify=False)
    for length in (1, 4):
        longer = np.random.default_rng(1).standard_normal((3, length, 3)).astype(np.float32)
        np.testing.assert_allclose(np.asarray(open_model(longer)["last"]), module(longer)["last"], rtol=1e-5, atol=1e-6)


def test_state_is_kept_between_calls() -> None:
    class Counter(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.total = tf.Variable(0.0, trainable=False, name="total")

        @tf.function
        def __call__(self, x: Any) -> Any:
            self.total.assign_add(tf.reduce_sum(x))
            return x + self.total

    module = Counter()
    model = mb.from_tensorflow(module, np.ones((2,), np.float32), verify=False)
    for _ in range(3):
        np.testing.assert_array_equal(np.asarray(model(np.ones((2,), np.float32))), module(tf.ones((2,))).numpy())


@pytest.fixture
def double() -> Iterator[None]:
    """Numbers are float64 unless a dtype is given."""
    before = mb.config.floatx()
    mb.config.set_floatx("float64")
    yield
    mb.config.set_floatx(before)


@pytest.mark.usefixtures("double")
def test_training_goes_on_as_in_tensorflow() -> None:
    """Ten steps of SGD on jax and in TensorFlow, in float64."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((16, 4)), rng.standard_normal((16, 1))

    class Regression(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = tf.Variable(rng.standard_normal((4, 5)), name="w")
            self.v = tf.Variable(rng.standard_normal((5, 1)), name="v")

        def __call__(self, x: Any) -> Any:
            return tf.tanh(x @ self.w) @ self.v

    module = Regression()
    model = mb.from_tensorflow(module, x[:2], verify=["jax"])
    model.compile(mb.optimizers.SGD(0.1), "mse", backend="jax")
    for _ in range(10):
        model.train_on_batch(x, y)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(module(x) - y))
        for variable, g in zip(module.variables, tape.gradient(loss, module.variables)):
            variable.assign_sub(0.1 * g)
    for variable in module.variables:
        name = variable.name.removesuffix(":0")
        np.testing.assert_allclose(model.named_weights[name].numpy(), variable.numpy(), rtol=1e-9)


def _difference(z: Any, a: Any, *, scale: Any, b: float = 2.0) -> Any:
    return {"z": z - a, "first": [None, z * scale + b]}


def test_arguments_by_name() -> None:
    """Arguments reach their parameters, whatever their names and order; results keep their nesting."""
    z, a, scale = (np.full((2, 3), n, np.float32) for n in (5, 3, 10))
    for given in (({"scale": scale, "a": a, "z": z}), ((z,), {"scale": scale, "a": a}), ((z, a), {"scale": scale})):
        model = mb.from_tensorflow(_difference, given, verify=["numpy"])
        args, kwargs = given if isinstance(given, tuple) else ((), given)
        found = model(*args, **kwargs)
        np.testing.assert_array_equal(np.asarray(found["z"]), z - a)
        assert found["first"][0] is None
        np.testing.assert_array_equal(np.asarray(found["first"][1]), z * scale + 2)


def _gradient(x: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.tanh(x) ** 2)
    return tape.gradient(y, x)


def _growing(x: Any) -> Any:
    rows = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in range(3):
        rows = rows.write(i, x * float(i))
    return rows.stack()


def _over_rows(x: Any) -> Any:
    total = tf.zeros_like(x[0])
    for row in x:
        total += tf.sin(row)
    return total


def _broken_off(x: Any) -> Any:
    for _ in tf.range(5):
        if tf.reduce_sum(x) > 10.0:
            break
        x = x * 1.5 + 0.1
    return x


PROGRAMS: dict[str, Any] = {
    "map": lambda x: tf.map_fn(lambda row: tf.reduce_sum(row) * row, x),
    "scan": lambda x: tf.scan(lambda carry, row: carry * 0.5 + row, x),
    "fold": lambda x: tf.foldl(lambda carry, row: carry * 0.5 + row, x),
    "vectorized map": lambda x: tf.vectorized_map(lambda row: tf.reduce_sum(row) * row, x),
    "gradient": _gradient,
    "growing array": _growing,
    "over rows": _over_rows,
    "broken off": _broken_off,
    "standardized": lambda x: (x - tf.reduce_mean(x, -1, True)) / tf.math.reduce_std(x, -1, keepdims=True),
    "sorted": lambda x: tf.sort(x, direction="DESCENDING"),
    "sequence mask": lambda x: tf.sequence_mask(tf.cast(tf.abs(x[:, 0]) * 3, tf.int32), 4, tf.float32),
    "norm": lambda x: tf.clip_by_norm(x, 0.5),
    "meshgrid": lambda x: tf.stack(tf.meshgrid(x[0], x[1], indexing="ij")),
    "dynamic shape": lambda x: tf.reshape(x, [tf.shape(x)[0] * 3 // 3, -1, 1]) + tf.zeros([1, 1, tf.shape(x)[0]]),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    x = np.random.default_rng(5).standard_normal((2, 3)).astype(np.float32)
    assert mb.from_tensorflow(PROGRAMS[name], x, verify=["numpy"]).port_report.passed


@pytest.mark.thorough
def test_compiled_programs_are_refused() -> None:
    from jax.experimental import jax2tf

    with pytest.raises(UnsupportedModel, match=r"XlaCallModule .*StableHLO"):
        mb.from_tensorflow(
            tf.function(jax2tf.convert(lambda x: x * 2)), np.ones((2, 3), np.float32), dynamic_batch=False
        )


def _two_unknown(x: Any) -> Any:
    values, _ = tf.unique(tf.reshape(x, [-1]))
    text = tf.strings.as_string(x)
    more, _ = tf.unique(values)
    return tf.cast(tf.strings.length(text), tf.float32) + tf.reduce_sum(more)


def test_all_unsupported_ops_are_named_at_once() -> None:
    with pytest.raises(UnsupportedModel) as found:
        mb.from_tensorflow(_two_unknown, np.ones((2, 3), np.float32))
    assert found.value.ops == {"Unique": 2, "AsString": 1, "StringLength": 1}
    assert "depends on data" in str(found.value) and "strings" in str(found.value)


def test_an_own_handler_is_used() -> None:
    @porting.register("tensorflow", "Lgamma")
    def lgamma(x: Any, **_: Any) -> Any:
        return ops.multiply(x, 3.0)

    try:
        model = mb.from_tensorflow(tf.math.lgamma, np.ones((2,), np.float32), verify=False)
        np.testing.assert_array_equal(np.asarray(model(np.ones((2,), np.float32))), [3.0, 3.0])
    finally:
        porting.unregister("tensorflow", "Lgamma")


def _of_data(x: Any) -> Any:
    return tf.reshape(x, [tf.cast(tf.reduce_sum(x), tf.int32), -1])


REFUSED: dict[str, tuple[Any, Any, dict[str, Any], type[Exception], str]] = {
    "a shape that depends on data": (_of_data, np.ones((2, 3), np.float32), {}, UnsupportedModel, "depends on data"),
    "rows chosen by data": (
        lambda x: tf.boolean_mask(x, x[:, 0] > 0), np.ones((2, 3), np.float32), {}, UnsupportedModel, "Where",
    ),
    "no inputs": (lambda x: x, None, {}, ArgumentError, "example_inputs"),
    "wrong inputs": (
        lambda x: x @ tf.ones((3, 2)), np.ones((2, 4), np.float32), {}, ArgumentError, "could not trace",
    ),
    "wrong dtype": (lambda x: x @ tf.ones((3, 2)), np.ones((2, 3)), {}, ArgumentError, "float64"),
    "too many inputs": (lambda x: x, (np.ones(2), np.ones(2)), {}, ArgumentError, "could not trace"),
    "not a function": (7, None, {}, ArgumentError, "tf.Module"),
    "no such method": (Perceptron(), NETS["perceptron"][1], {"signature": "call"}, ArgumentError, "no method 'call'"),
    "no such option": (lambda x: x, np.ones(2), {"static": True}, ArgumentError, "'static'"),
    "strings": (lambda x: x, np.array(["a"]), {}, UnsupportedModel, "string"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    source, inputs, options, error, text = REFUSED[what]
    with pytest.raises(error, match=text):
        mb.from_tensorflow(source, inputs, **options)

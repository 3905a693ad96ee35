"""Models as tf.Modules: numbers, training, statistics, draws, SavedModels, TFLite."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from printed_models import built, close, meaning, printed

import multiback as mb
from multiback import layers, ops
from multiback.backends.protocol import Options
from multiback.backends.registry import get_adapter
from multiback.dtypes import as_dtype
from multiback.graph.ir import Spec
from multiback.graph.trace import trace


@pytest.fixture
def wide() -> Iterator[None]:
    """Float64 in multiback."""
    before = mb.config.floatx()
    mb.config.set_floatx("float64")
    yield
    mb.config.set_floatx(before)


def net() -> mb.Model:
    """A convolution, batch normalisation, a dense layer; SGD."""
    x = inputs = layers.Input((6, 6, 2))
    x = layers.Conv2D(3, 3, padding="same")(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.MaxPooling2D()(layers.ReLU()(x))
    model = mb.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))
    model.compile(mb.optimizers.SGD(0.05), "mse")
    return model


@pytest.mark.usefixtures("wide")
def test_three_steps_of_training_are_those_of_the_model() -> None:
    model = net()
    module = model.to_tensorflow(verify=False)
    random = np.random.default_rng(3)
    for _ in range(3):
        x, y = random.normal(size=(8, 6, 6, 2)), random.normal(size=(8, 2))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(module(x, training=True) - y))
        for variable, gradient in zip(module.trainable_variables, tape.gradient(loss, module.trainable_variables)):
            variable.assign_sub(0.05 * gradient)
        model.train_on_batch(x, y)
    weights = {v.path: v.numpy() for v in model.weights}
    assert len(weights) == len(module.variables) == 8
    for path, want in weights.items():
        layer, name = path.split("/")[-2:]
        got = getattr(getattr(module, layer), name).numpy()
        assert np.max(np.abs(got - want)) <= 1e-12 * max(np.max(np.abs(want)), 1.0), path


def test_to_tensorflow_is_verified() -> None:
    model, _ = built("mlp")
    model.to_tensorflow()
    report = model.port_reports["tensorflow"]
    assert report.verified and not report.failed
    assert {"forward", "gradients", "forward, another batch size"} <= {row.quantity for row in report.rows}


def test_a_torch_network_comes_out_verified() -> None:
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(
        torch.nn.Conv2d(2, 3, 3, padding=1), torch.nn.BatchNorm2d(3), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(27, 2),
    )  # fmt: skip
    model = mb.from_torch(net, (torch.randn(2, 2, 6, 6),), verify=False)
    module = model.to_tensorflow(verify="torch")
    assert not model.port_reports["tensorflow"].failed
    x = np.random.default_rng(0).normal(size=(3, 2, 6, 6)).astype(np.float32)
    want = net.eval()(torch.from_numpy(x)).detach().numpy()
    close(module(x), want, relative=16 * 2**-24)


def test_a_wrong_weight_is_noticed() -> None:
    from multiback.porting.exporting import random_inputs
    from multiback.porting.report import PortReport
    from multiback.porting.verify import verify
    from multiback_tensorflow import exporter

    model, _ = built("mlp")
    module = model.to_tensorflow(verify=False)
    module.trainable_variables[0].assign_add(tf.ones_like(module.trainable_variables[0]) * 0.01)
    report = PortReport(model.name, "multiback", "tensorflow")
    verify(model, exporter.native(module, model), *random_inputs(model), report, ["numpy"])
    assert report.failed


def test_variables_have_names_and_the_batch_is_free() -> None:
    module = net().to_tensorflow(verify=False)
    assert {v.name for v in module.variables} >= {"kernel:0", "moving_mean:0"}
    assert len(module.trainable_variables) == 6
    for rows in (1, 5):
        assert module(np.ones((rows, 6, 6, 2), np.float32)).shape == (rows, 2)


def test_dropout_acts_while_training_only() -> None:
    model = mb.Sequential([layers.Input((200,)), layers.Dropout(0.25)])
    module = model.to_tensorflow(verify=False)
    x = np.ones((50, 200), np.float32)
    np.testing.assert_array_equal(module(x), x)
    dropped = module(x, training=True).numpy()
    kept = dropped != 0
    assert abs(kept.mean() - 0.75) < 5 * (0.25 * 0.75 / x.size) ** 0.5
    np.testing.assert_allclose(dropped[kept], 1 / 0.75, rtol=1e-6)
    assert np.any(module(x, training=True).numpy() != dropped)


@pytest.mark.usefixtures("wide")
def test_a_layer_that_is_called_twice_has_its_weights_once() -> None:
    inputs = layers.Input((3,))
    shared = layers.Dense(3, "tanh")
    model = mb.Model(inputs, shared(shared(inputs)))
    module = model.to_tensorflow(verify=False)
    assert len(module.variables) == 2
    x = np.random.default_rng(0).normal(size=(4, 3))
    close(module(x), meaning(model, [x])[0])


@pytest.mark.parametrize("name", ["lenet", "gru_seq2seq", "transformer_decoder"])
def test_saved_models_and_tflite(name: str, tmp_path: Path) -> None:
    model, arrays = built(name)
    module = model.to_tensorflow(verify=False)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for rows in (1, 3):
        given = [tf.constant(a[:rows]) for a in arrays]
        np.testing.assert_array_equal(loaded(*given, training=False), module(*given))
        assert loaded(*given, training=True).shape == module(*given).shape
    graph = loaded.signatures["serving_default"].graph.as_graph_def()
    ops = {n.op for f in graph.library.function for n in f.node_def} | {n.op for n in graph.node}
    assert not ops & {"XlaCallModule", "PyFunc", "EagerPyFunc"}
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    names = [spec.name for spec in module.serve.input_signature]
    _compare_with_tflite(converter.convert(), names, arrays, module)


def _compare_with_tflite(flat: bytes, names: list[str], arrays: list[np.ndarray], module: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the interpreter's own, about its successor
        interpreter = tf.lite.Interpreter(model_content=flat)
    for rows in (1, 3):
        for entry in interpreter.get_input_details():
            interpreter.resize_tensor_input(entry["index"], [rows, *entry["shape"][1:]])
        interpreter.allocate_tensors()
        for entry in interpreter.get_input_details():
            place = next(i for i, name in enumerate(names) if name in entry["name"])
            interpreter.set_tensor(entry["index"], arrays[place][:rows])
        interpreter.invoke()
        got = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        close(got, module(*[tf.constant(a[:rows]) for a in arrays]).numpy(), "tflite", relative=64 * 2**-24)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["resnet", "unet", "bilstm_tagger", "transformer_encoder", "vae"])
def test_more_saved_models_and_tflite(name: str, tmp_path: Path) -> None:
    test_saved_models_and_tflite(name, tmp_path)


FLOATS = "maximum minimum add divide remainder floor_divide less greater_equal not_equal"
INTEGERS = (
    "maximum minimum subtract remainder floor_divide less power bitwise_and bitwise_left_shift bitwise_right_shift"
)


@pytest.mark.parametrize(
    "dtype", ["float16", "bfloat16", "float32", "float64", "uint8", "int8", "int32", "int64", "uint32"]
)
def test_numbers_beside_arrays_have_their_dtype(dtype: str) -> None:
    kind = as_dtype(dtype)
    names = (FLOATS if kind.is_float else INTEGERS).split()

    def net(x: Any) -> list[Any]:
        both = [f(*pair) for f in (getattr(ops, n) for n in names) for pair in ((x, 2), (2, x))]
        chosen = [ops.where(x > 1, 2, x), ops.where(x > 1, x, 2), ops.clip(x, 1, 2), ops.clip(2, x, 3)]
        _, looped = ops.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, ops.maximum(0, s + x)), (0, x))
        return [*both, *chosen, looped]

    graph = trace(net, Spec((4,), kind)).graph
    x = np.asarray([1, 2, 3, 5], kind.numpy)
    wanted = get_adapter("numpy").compile(graph, Options()).run((), [x])[1]
    results = printed("tensorflow", "tensorflow").compile(graph).run((), [x])[1]
    assert len(results) == len(wanted) == 2 * len(names) + 5
    for got, want in zip(results, wanted):
        # All are rounded once, from numbers that the dtype has.
        np.testing.assert_array_equal(np.asarray(got), want)
        assert np.asarray(got).dtype == want.dtype


def test_convolutions_with_and_without_a_kernel_stand_in_one_file() -> None:
    def net(x: Any, kernel: Any) -> Any:
        strided = ops.conv(x, kernel, strides=2, dilation_rate=3, padding="same")
        return strided + ops.conv(x, kernel, strides=2, padding="same")

    graph = trace(net, Spec((2, 9, 2), as_dtype("float64")), Spec((2, 2, 3), as_dtype("float64"))).graph
    random = np.random.default_rng(0)
    arrays = [random.normal(size=v.shape) for v in graph.inputs]
    (want,) = get_adapter("numpy").compile(graph, Options()).run((), arrays)[1]
    (got,) = printed("tensorflow", "tensorflow").compile(graph).run((), arrays)[1]
    close(got, want, "conv")

"""Layers, ops and models as ONNX: the checker accepts them, and onnxruntime computes what is meant here."""

from __future__ import annotations

import importlib
import pathlib
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx_cases import exported, layer_program, op_program, op_verdicts, run

import multiback as mb
from multiback import layers, ops
from multiback.errors import ArgumentError, PortError, SavingError, UnsupportedModel
from multiback.graph.op import OPS
from multiback.porting.exporting import to_onnx
from multiback.porting.forward import forward_graph
from multiback.porting.importing import from_onnx
from multiback.testing.cases.layers import LAYER_CASES, LEADING_CASES, LayerCase
from multiback.testing.named_graphs import expected
from multiback_onnx.exporter import dump, native, unsupported

MODELS = (
    "bilstm_tagger",
    "gru_seq2seq",
    "lenet",
    "mlp",
    "resnet",
    "transformer_decoder",
    "transformer_encoder",
    "unet",
)
DTYPES = ("float32", "float64", "float16", "int32", "int64", "int8", "int16", "uint8", "uint16", "uint32", "bool")

_NAN = "onnxruntime passes NaN over in extrema and sorting"
_KERNEL = "the kernel of onnxruntime is less accurate than the bound"
_SINGLE = "the evaluator and onnxruntime compute erf of float64 numbers in float32"
DEVIATIONS = {
    "elu/batch/float32": _KERNEL,
    "erf/every half/float64": _SINGLE,
    "erfinv/float64/float64": _SINGLE,
    "erfinv/near the ends/float64": _SINGLE,
    "gelu/every half/float64": _SINGLE,
    "glu/other floats/float64": _KERNEL,
    "power/integers that wrap/int32": "onnxruntime computes powers of integers in floats, which do not wrap",
    "repeat/never/float32": "onnxruntime does not reshape an array without elements to a size that it is told",
    "sigmoid/every half/float64": _KERNEL,
    "sigmoid/far/float32": _KERNEL,
    **{
        f"{op}/special/{d}": _NAN for op in ("amax", "amin", "argsort", "sort", "top_k") for d in ("float32", "float16")
    },
    **{f"{op}/special/float32": _NAN for op in ("max", "min")},
    **{f"{op}/divergence-20/{d}": _NAN for op in ("argmax", "argmin") for d in ("float32", "float16")},
    "max_pool/divergence-20/float32": _NAN,
}


@pytest.mark.parametrize("case", LAYER_CASES, ids=str)
def test_layer(case: LayerCase) -> None:
    named, program = layer_program(case, "float32")
    model = exported(program, 20)
    assert {t.name for t in model.graph.initializer} >= {n for n in program.weights if _is_read(program, n)}
    _compare(named, model)


def _is_read(program: Any, name: str) -> bool:
    value = dict(zip(program.weights, program.graph.inputs))[name]
    return any(value in e.flat_inputs for e in program.graph.equations)


def _compare(named: Any, model: Any, plain: bool = False) -> None:
    feeds = {k: v for k, v in named.inputs.items() if k.startswith(("input ", "mask "))}
    got = run(model, feeds, plain)
    assert len(got) == len(named.outputs)
    for label, value, y, spread in zip(named.outputs, named.graph.outputs, got, expected(named)):
        verdict = spread.judge(np.asarray(y), value.dtype)
        assert verdict.passed, f"{label}: {verdict.text}"


@pytest.mark.parametrize("case", [pytest.param(c, marks=() if c in LEADING_CASES else pytest.mark.thorough, id=str(c))
                                  for c in LAYER_CASES])  # fmt: skip
def test_layer_in_float64(case: LayerCase) -> None:
    named, program = layer_program(case, "float64")
    model = exported(program, 20)
    if case.name == "ConvLSTM1D" and case.arguments.get("go_backwards"):
        # onnxruntime has no convolution of float64 numbers, and the evaluator no loop that runs backwards.
        with pytest.raises(RuntimeError, match="Scan is not implemented"):
            _compare(named, model, plain=True)
        return
    _compare(named, model, plain=True)


@pytest.mark.thorough
@pytest.mark.parametrize("opset", (18, 23))
@pytest.mark.parametrize("case", sorted(LEADING_CASES, key=lambda c: c.name), ids=str)
def test_layer_in_other_versions(case: LayerCase, opset: int) -> None:
    named, program = layer_program(case, "float32")
    _compare(named, exported(program, opset))


@pytest.mark.thorough
@pytest.mark.parametrize("op", sorted(OPS))
def test_op(op: str) -> None:
    wrong: dict[str, str] = {}
    ran = 0
    for case in OPS[op].cases:
        for dtype in case.dtypes:
            if dtype not in DTYPES:
                continue
            program = op_program(OPS[op], case, dtype)
            if unsupported(program.graph):
                continue
            label = f"{op}/{case.label}/{dtype}"
            ran += 1
            try:
                verdicts = op_verdicts(OPS[op], case, dtype, program, exported(program, 20))
                if not all(v.passed for v in verdicts):
                    wrong[label] = next(v.text for v in verdicts if not v.passed)
            except onnxruntime.capi.onnxruntime_pybind11_state.Fail as error:
                wrong[label] = str(error)
    known = {k: v for k, v in DEVIATIONS.items() if k.startswith(f"{op}/")}
    assert wrong.keys() == known.keys(), (
        f"unexpected: {wrong.keys() - known.keys()} {wrong}, cured: {known.keys() - wrong.keys()}"
    )
    if not ran:
        assert unsupported(op_program(OPS[op], OPS[op].cases[0], OPS[op].cases[0].dtypes[0]).graph)


def _network(name: str) -> tuple[Any, Any]:
    module = importlib.import_module(f"multiback.testing.models.{name}")
    model = module.model()
    return model, module.data()[0]


@pytest.mark.parametrize("name", MODELS)
def test_network(name: str, tmp_path: pathlib.Path) -> None:
    model, x = _network(name)
    path = tmp_path / "net.onnx"
    to_onnx(model, str(path), verify="numpy")
    session = onnxruntime.InferenceSession(path)
    arrays = x if isinstance(x, list | tuple) else list(x.values()) if isinstance(x, dict) else [x]
    for rows in (1, 3):
        some = [np.asarray(a[:rows]) for a in arrays]
        feeds = {
            i.name: a.astype("float32") if a.dtype.kind == "f" else a.astype("int32")
            for i, a in zip(session.get_inputs(), some)
        }
        got = session.run(None, feeds)
        with mb.use_backend("numpy"):
            want = mb.tree.leaves(model(*feeds.values() if len(feeds) == 1 else [list(feeds.values())], training=False))
        for a, b in zip(got, want):
            np.testing.assert_allclose(a, np.asarray(b), rtol=0, atol=2e-6 * max(1.0, float(np.abs(b).max())))


def test_the_report_says_what_was_compared() -> None:
    model, _ = _network("mlp")
    proto = to_onnx(model, verify="numpy")
    report = model.port_reports["onnx"]
    assert report.verified and not report.failed and len(report.rows) == 2
    damaged = onnx.ModelProto()
    damaged.CopyFrom(proto)
    tensor = damaged.graph.initializer[0]
    tensor.raw_data = (onnx.numpy_helper.to_array(tensor) * 1.001).astype("float32").tobytes()
    args = (np.ones((2, *model.input.shape[1:]), "float32"),)
    good, bad = (native(p, model).forward(args, {}, training=False, float64=False)[0] for p in (proto, damaged))
    assert not np.allclose(good, bad, rtol=1e-5, atol=0)


def _images() -> Any:
    return mb.Sequential(
        [
            layers.Input((12, 12, 3), name="image"),
            layers.Conv2D(4, 3, padding="same", name="first"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(),
            layers.DepthwiseConv2D(3),
            layers.MaxPooling2D(2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(5, activation="softmax", name="probabilities"),
        ],
        name="images",
    )


def test_names_are_those_of_the_model_and_the_graph_has_no_needless_nodes() -> None:
    model = _images()
    proto = dump(model)
    form = forward_graph(model)
    held = {t.name: onnx.numpy_helper.to_array(t) for t in proto.graph.initializer}
    for name, variable in zip(form.names, form.variables):
        np.testing.assert_array_equal(held[name], variable.numpy())
    assert [i.name for i in proto.graph.input] == ["image"]
    assert [o.name for o in proto.graph.output] == ["probabilities"]
    assert proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert proto.graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    kinds = [n.op_type for n in proto.graph.node]
    assert kinds == [
        "Transpose", "Transpose", "Conv", "BatchNormalization", "Relu", "Reshape", "Transpose", "Conv",
        "Unsqueeze", "Add", "MaxPool", "ReduceMean", "Gemm", "Softmax",
    ]  # fmt: skip
    assert {n.name.split("/")[0] for n in proto.graph.node} >= {"first", "norm", "probabilities"}
    assert {p.key: p.value for p in proto.metadata_props}["model_class"] == "Sequential"


def test_a_fixed_batch() -> None:
    proto = dump(_images(), dynamic_batch=False)
    assert proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1
    proto = dump(_images(), sizes={"batch": 7})
    assert proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 7


@pytest.mark.parametrize("name", ("lenet", "resnet", "transformer_encoder", "gru_seq2seq"))
def test_there_and_back(name: str) -> None:
    model, _ = _network(name)
    proto = dump(model)
    again = from_onnx(proto, verify=False)
    form = forward_graph(model)
    held = dict(again.named_weights)
    for weight, variable in zip(form.names, form.variables):
        if weight in held:
            np.testing.assert_array_equal(held[weight].numpy(), variable.numpy())
    assert len(set(form.names) & set(held)) >= len(model.trainable_weights)
    random = np.random.default_rng(0)
    feeds = []
    for argument in form.graph.arguments:
        shape = [3 if i == 0 else n if isinstance(n, int) else 4 for i, n in enumerate(argument.shape)]
        drawn = random.uniform(0, 2, shape) if argument.dtype.is_float else random.integers(0, 2, shape)
        feeds.append(drawn.astype(argument.dtype.numpy))
    with mb.use_backend("numpy"):
        want = model(feeds[0] if len(feeds) == 1 else feeds, training=False)
        got = again(*feeds)
    np.testing.assert_allclose(np.asarray(got), np.asarray(want), rtol=0, atol=2e-6 * float(np.abs(want).max()))


def test_weights_beside_the_file(tmp_path: pathlib.Path) -> None:
    model, path = _images(), tmp_path / "net.onnx"
    wide = mb.Sequential([layers.Input((40,)), layers.Dense(30), layers.Dense(2)], name="wide")
    dump(wide, path, external_data=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.onnx", "net.onnx.data"]
    assert path.stat().st_size < 2500 < (tmp_path / "net.onnx.data").stat().st_size
    x = np.random.default_rng(1).normal(size=(2, 40)).astype("float32")
    session = onnxruntime.InferenceSession(path)
    got = session.run(None, {session.get_inputs()[0].name: x})[0]
    with mb.use_backend("numpy"):
        np.testing.assert_allclose(got, np.asarray(wide(x)), rtol=0, atol=1e-5)
    with pytest.raises(ArgumentError, match="needs the path"):
        dump(model, external_data=True)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.onnx"
    dump(_images(), path)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(SavingError, match="No space left"):
        patched.setattr("os.fsync", full)
        dump(mb.Sequential([layers.Input((2,)), layers.Dense(1)]), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["net.onnx"]
    with pytest.raises(SavingError, match="does not exist"):
        dump(_images(), tmp_path / "none" / "net.onnx")


def test_a_wrong_port_leaves_no_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from multiback_onnx.exporter.tables import HANDLERS

    correct = HANDLERS["softmax"]
    monkeypatch.setitem(HANDLERS, "softmax", HANDLERS["log_softmax"])
    with pytest.raises(PortError, match="does not compute"):
        to_onnx(_images(), str(tmp_path / "net.onnx"), verify="numpy")
    assert not list(tmp_path.iterdir())
    assert correct is not HANDLERS["log_softmax"]


def test_all_that_onnx_lacks_is_named_at_once() -> None:
    x = inputs = layers.Input((4, 4))
    x = ops.svd(x)[1]
    x = ops.inv(ops.matmul(x[:, :, None], x[:, None, :])) + ops.inv(inputs)
    with pytest.raises(UnsupportedModel) as caught:
        dump(mb.Model(inputs, x, name="algebra"))
    assert caught.value.ops == {"singular_factors": 1, "linear_solution": 2}
    assert "'algebra'" in str(caught.value) and "nothing was written" in str(caught.value)


@pytest.mark.parametrize("opset", (17, 99, "18", True))
def test_versions_that_do_not_exist(opset: Any) -> None:
    with pytest.raises(ArgumentError, match="opset must be 18 to"):
        dump(_images(), opset=opset)
    with pytest.raises(ArgumentError, match="has no argument 'opsett'"):
        dump(_images(), opsett=18)

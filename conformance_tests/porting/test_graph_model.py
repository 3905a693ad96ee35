"""Models made of a recorded graph are ordinary models: they run, train, save, move and are checked like any other."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded import KERNEL, TABLE, X, imported

import multiback as mb
from multiback import ops
from multiback.errors import ArgumentError, PortError, SavingError, ShapeError, UnknownNameError
from multiback.porting import Weight, assemble, forward_graph
from multiback.porting.graph_json import graph_from_json, graph_to_json


def test_inference_at_several_batch_sizes(backend: str) -> None:
    model = assemble(imported()).to(backend)
    for rows in (5, 2, 1):
        found = model.predict(X[:rows], verbose=0, batch_size=8)
        want = X[:rows].astype("float64") @ KERNEL.astype("float64").T
        np.testing.assert_allclose(found["y"], want, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(found["rest"][0], want.ravel(), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(found["rest"][2], TABLE.astype("float64").sum() + want.sum(), rtol=1e-4)
        assert found["rest"][1] is None


def test_training_draws_and_updates_statistics_the_same_on_every_backend(backend: str) -> None:
    mb.random.set_seed(3)
    model = assemble(imported()).to(backend)
    first, second = (np.asarray(_host(model(X, training=True)["y"])) for _ in range(2))
    dropped = first == model.get_weight("mean").numpy()
    assert not np.array_equal(first, second)
    mean = X.mean(0)[:3].astype("float64")
    np.testing.assert_allclose(model.get_weight("mean").numpy(), mean * 0.1 + mean * 0.1 * 0.9, rtol=1e-5, atol=1e-7)
    mb.random.set_seed(3)
    reference = assemble(imported()).to("numpy")
    again = np.asarray(_host(reference(X, training=True)["y"]))
    np.testing.assert_allclose(first, again, rtol=1e-5, atol=1e-6)
    assert dropped.dtype == bool


def test_fit_changes_the_weights_of_the_model_and_not_those_that_were_borrowed(backend: str) -> None:
    given = imported(
        forms=(False,),
        program=lambda w, key, training, args, kwargs: ops.matmul(args[0], ops.transpose(w["head.weight"])),
    )
    original = given.weights[0].array
    before = original.copy()
    model = assemble(given)
    model.compile("sgd", "mse", backend=backend)
    model.fit(X, np.zeros((5, 3), "float32"), epochs=2, verbose=0)
    assert np.array_equal(original, before)
    assert np.abs(model.get_weight("head.weight").numpy() - before).max() > 1e-4


def test_weights_are_borrowed_until_they_change() -> None:
    given = imported()
    model = assemble(given)
    variable = model.get_weight("head.weight")
    assert variable._cell is given.weights[0].array
    variable.assign(np.zeros((3, 4), "float32"))
    assert np.array_equal(given.weights[0].array, KERNEL)


def test_tied_weights_are_one_variable_under_two_names() -> None:
    model = assemble(imported())
    assert model.get_weight("head.weight") is model.get_weight("tied.weight")
    assert sorted(model.state_dict()) == ["constant_0", "head.weight", "mean", "tied.weight"]
    with pytest.raises(UnknownNameError, match=r"Did you mean 'head.weight'"):
        model.get_weight("head.wieght")


def test_saved_and_loaded(tmp_path: Path, backend: str) -> None:
    model = assemble(imported()).to(backend)
    model(X, training=True)
    model.save(tmp_path / "net.keras")
    loaded = mb.saving.load_model(tmp_path / "net.keras")
    assert loaded.recorded.classes == {"head": "Linear"}
    for name, array in model.state_dict().items():
        assert np.array_equal(loaded.state_dict()[name], array), name
    loaded.to(backend)
    for one, other in zip(_leaves(model.predict(X, verbose=0)), _leaves(loaded.predict(X, verbose=0))):
        assert np.array_equal(one, other)


def test_the_conformance_kit_checks_it() -> None:
    report = mb.testing.check(assemble(imported()), X, backends=["numpy", "torch"])
    assert report.passed, report


def test_inside_another_model(backend: str) -> None:
    inner = assemble(imported())
    x = mb.Input((4,))
    model = mb.Model(x, mb.layers.Dense(2, kernel_initializer="ones")(inner(x)["y"])).to(backend)
    want = (X.astype("float64") @ KERNEL.astype("float64").T).sum(1, keepdims=True)
    np.testing.assert_allclose(model.predict(X, verbose=0), np.repeat(want, 2, 1), rtol=1e-4, atol=1e-5)


def test_the_forward_graph_has_names_and_scopes() -> None:
    form = forward_graph(assemble(imported()))
    assert form.inputs == ("x",)
    assert form.names == ("head.weight", "mean", "constant_0")
    assert form.classes[""] == "GraphModel" and form.classes["head"] == "Linear"
    assert {e.scope for e in form.graph.equations if e.op.name == "matmul"} == {"head"}


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: m(X[:, :3]), ShapeError, r"Model 'Net': Input 'x' expects shape \(batch, 4\), got \(batch, 3\)"),
        (lambda m: m(X[0]), ShapeError, r"expects shape \(batch, 4\)"),
        (lambda m: m(), ArgumentError, r"lacks the input 'x'. It is called on: x: f32\[batch, 4\]"),
        (lambda m: m(X, X), ArgumentError, "cannot place the argument '1'"),
        (lambda m: m({"y": X}), ArgumentError, "'y'|lacks the input 'x'"),
    ],
    ids=["axis", "rank", "missing", "extra", "name"],
)
def test_a_wrong_call_names_what_was_expected(call: Any, error: type[Exception], text: str, backend: str) -> None:
    with mb.use_backend(backend), pytest.raises(error, match=text):
        call(assemble(imported()))


def test_integers_are_not_made_of_floats() -> None:
    from multiback import dtypes
    from multiback.graph.ir import Spec

    given = imported(
        args=(Spec((2,), dtypes.int64),), program=lambda w, key, training, args, kwargs: ops.take(w["mean"], args[0])
    )
    model = assemble(given)
    assert model.predict(np.asarray([0, 1], "int32"), verbose=0).shape == (2,)
    with pytest.raises(ArgumentError, match="expects int64, got float32"):
        model(np.zeros(2, "float32"))


def test_two_weights_of_one_name_are_refused() -> None:
    with pytest.raises(PortError, match="two weights named 'mean'"):
        assemble(imported(weights=[Weight("mean", KERNEL), Weight("mean", KERNEL)]))


def test_a_graph_survives_json_with_control_flow_and_odd_numbers(backend: str) -> None:
    def looped(w: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        (x,) = args
        total = ops.scan(lambda c, row: (ops.add(c, row), ops.multiply(c, 2.0)), ops.zeros((4,)), x)
        masked = ops.where(ops.less(x, 0.0), float("-inf"), x)
        branch = ops.cond(ops.less(ops.sum(x), 0.0), lambda: ops.negative(x), lambda: ops.exp(x))
        return total, ops.softmax(ops.concatenate([masked, x], axis=-1)), branch, x[1:, ::2]

    model = assemble(imported(program=looped, forms=(False,)))
    graph = model.recorded.forms[False].graph
    text = json.dumps(graph_to_json(graph), allow_nan=False)
    assert json.dumps(graph_to_json(graph_from_json(json.loads(text)))) == text
    other = type(model).from_config(json.loads(json.dumps(model.get_config())))
    other.set_weights(model.get_weights())
    for one, two in zip(
        _leaves(model.to(backend).predict(X, verbose=0)), _leaves(other.to(backend).predict(X, verbose=0))
    ):
        np.testing.assert_array_equal(one, two)


def _damaged(change: Any) -> Any:
    config = graph_to_json(assemble(imported()).recorded.forms[False].graph)
    config = copy.deepcopy(config)
    change(config)
    return config


@pytest.mark.parametrize(
    "change",
    [
        lambda g: g["equations"][0].__setitem__(0, "os_system"),
        lambda g: g["equations"][0].__setitem__(1, [999]),
        lambda g: g["equations"][0].__setitem__(2, {"axes": [0, 1], "more": 1}),
        lambda g: g["equations"][0].__setitem__(2, {"axes": [5, 9]}),
        lambda g: g.__setitem__("outputs", [10**6]),
        lambda g: g.__setitem__("updates", [77]),
        lambda g: g["inputs"][0].__setitem__("dtype", "object"),
        lambda g: g.pop("state"),
        lambda g: g["equations"].append("x"),
        lambda g: g["constants"].append({"shape": [10**9], "dtype": "float32", "data": ""}),
    ],
    ids=["op", "operand", "attribute", "axes", "output", "update", "dtype", "missing", "equation", "constant"],
)
def test_a_damaged_graph_is_refused(change: Any) -> None:
    with pytest.raises(SavingError):
        graph_from_json(_damaged(change))


def test_a_damaged_computation_is_refused() -> None:
    config = assemble(imported()).get_config()
    for path, value in (
        (("recorded", "forms"), {}),
        (("recorded", "weights"), []),
        (("recorded", "args"), {"array": 5}),
        (("recorded", "inputs"), []),
    ):
        broken = copy.deepcopy(config)
        broken[path[0]][path[1]] = value
        with pytest.raises(SavingError):
            mb.porting.GraphModel.from_config(broken)


def _leaves(tree: Any) -> list[np.ndarray]:
    return [x for x in mb.tree.leaves(tree) if x is not None]


def _host(x: Any) -> np.ndarray:
    from multiback.graph.host import as_host_array

    return as_host_array(x)


def test_the_summary_shows_the_modules_of_the_original(capsys: pytest.CaptureFixture[str]) -> None:
    assemble(imported()).summary()
    text = capsys.readouterr().out
    assert "head (Linear)" in text and "(None, 3)" in text and "12 " in text

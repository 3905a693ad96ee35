"""Models as `torch.nn.Module`s: values, training, state, copies."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import pickle
import sys
from typing import Any

import numpy as np
import pytest
import torch
from printed_torch import built
from recorded import imported
from torch import nn

import multiback as mb
from multiback import layers, ops, optimizers, tree
from multiback.errors import ArgumentError
from multiback.porting import Weight, assemble
from multiback.porting.scopes import module_scope
from multiback.porting.source import write
from multiback.testing.cases.layers import LAYER_CASES, LEADING_CASES, LayerCase
from multiback.testing.model_graphs import model_names
from multiback_torch.exporter import TARGET, check_name, dump, exported, made
from multiback_torch.lowering.convolution import filters


def relative(got: Any, want: Any) -> float:
    got, want = (np.asarray(x, np.float64) for x in (got, want))
    assert got.shape == want.shape
    return float(np.max(np.abs(got - want), initial=0) / max(np.max(np.abs(want), initial=0), 1e-300))


def tensors(x: Any) -> list[torch.Tensor]:
    return [torch.from_numpy(np.array(a)) for a in tree.leaves(x)]


def arrays(y: Any) -> list[np.ndarray]:
    return [t.detach().numpy() for t in tree.leaves(y)]


def wrapped(case: LayerCase) -> tuple[Any, Any]:
    """A model of one layer, in float64, and its inputs."""
    with mb.use_backend("numpy"):
        layer = case.built("float64")
        given = list(tree.leaves(case.inputs("float64")))
        inputs = [layers.Input(x.shape[1:], dtype=str(x.dtype)) for x in given]
        whole = inputs if case.is_list else inputs[0]
        # A case that fixes the form is called plainly: both forms are compared here.
        outputs = dataclasses.replace(case, training=None).call(layer, whole, {})
        return mb.Model(whole, outputs), given if case.is_list else given[0]


@pytest.mark.parametrize("case", sorted(LEADING_CASES, key=lambda c: c.name), ids=lambda c: c.name)
def test_layers(case: LayerCase) -> None:
    _compare_layer(case)


@pytest.mark.thorough
@pytest.mark.parametrize("number", range(8))
def test_all_cases_of_layers(number: int) -> None:
    for case in [c for c in LAYER_CASES if c not in LEADING_CASES][number::8]:
        if not case.given_masks():
            _compare_layer(case)


def _compare_layer(case: LayerCase) -> None:
    model, x = wrapped(case)
    net = dump(model)
    random = any("Noise" in case.name or "Dropout" in case.name or "Random" in case.name for _ in (0,))
    for training in (False, True):
        with mb.use_backend("numpy"):
            want = [np.asarray(y) for y in tree.leaves(model(x, training=training))]
        got = arrays(net.train(training)(*tensors(x)))
        if not (training and (random or _draws(net))):
            for g, w in zip(got, want, strict=True):
                assert relative(g, w) < 1e-12
        assert [g.shape for g in got] == [w.shape for w in want]
    after = {v.path.rpartition("/")[2]: v.numpy() for v in model.non_trainable_variables if v.dtype.is_float}
    if "moving_mean" in after:
        found = {n.rpartition(".")[2]: b.numpy() for n, b in net.named_buffers()}
        mean = found.get("running_mean", found.get("moving_mean"))
        assert relative(mean, after["moving_mean"]) < 1e-12


def _draws(net: nn.Module) -> bool:
    return any(word in net.source for word in ("dropout", "Dropout", "torch.rand"))


@pytest.mark.parametrize("name", model_names())
def test_models_train_as_here(name: str) -> None:
    """Three steps of gradient descent in float64, losses and weights, where nothing is drawn."""
    policy = mb.config.floatx()
    mb.config.set_floatx("float64")
    try:
        _train_both(name)
    finally:
        mb.config.set_floatx(policy)


def _train_both(name: str) -> None:
    module = importlib.import_module(f"multiback.testing.models.{name}")
    mb.random.set_seed(0)
    with mb.use_backend("numpy"):
        model = module.model()
        x = tree.map(lambda a: np.asarray(a[:4], np.float64 if a.dtype.kind == "f" else a.dtype), module.data()[0])
        model(x)
    net = dump(model)
    for g, w in zip(arrays(net(*tensors(x))), _run(model, x), strict=True):
        assert relative(g, w) < 1e-12
    net.train()
    if _draws(net):
        assert arrays(net(*tensors(x)))
        return
    sgd = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.05)
    own, weights = optimizers.SGD(0.05), model.trainable_variables

    def scalar() -> Any:
        return sum(ops.mean(ops.square(y)) for y in tree.leaves(model(x, training=True)))

    for _ in range(3):
        with mb.use_backend("numpy"):
            loss, gradients = ops.value_and_grad(scalar, variables=weights)()
            own.apply(gradients, weights)
        sgd.zero_grad()
        mine = sum((y**2).mean() for y in tree.leaves(net(*tensors(x))))
        mine.backward()
        sgd.step()
        assert relative(mine.detach(), loss) < 1e-12
    for g, w in zip(arrays(net.eval()(*tensors(x))), _run(model, x), strict=True):
        assert relative(g, w) < 1e-12


def _run(model: Any, x: Any) -> list[Any]:
    with mb.use_backend("numpy"):
        return [np.asarray(y) for y in tree.leaves(model(x))]


class Residual(nn.Module):
    def __init__(self, inner: int, outer: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outer)
        self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outer)
        self.relu = nn.ReLU(inplace=True)
        plain = stride == 1 and inner == outer
        self.down = (
            None if plain else nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))
        )

    def forward(self, x: Any) -> Any:
        beside = x if self.down is None else self.down(x)
        return self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))) + beside)


def residual() -> nn.Module:
    """A small residual network with a list of blocks."""
    blocks = [Residual(4, 4), Residual(4, 4), Residual(4, 6, 2), Residual(6, 6)]
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), *blocks, nn.Flatten(), nn.Dropout(0.0), nn.Linear(54, 5))


@pytest.fixture(scope="module")
def ported() -> tuple[nn.Module, Any, nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    net = residual().eval()
    for name, buffer in net.named_buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
        del name
    x = torch.randn(2, 3, 8, 8)
    model = mb.from_torch(net, (x,), verify=False)
    return net, model, dump(model), x


def test_a_torch_model_comes_back(ported: Any) -> None:
    net, _, back, x = ported
    before, after = net.state_dict(), back.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(net(x), back(x))
    assert [n for n, _ in net.named_parameters()] == [n for n, _ in back.named_parameters()]


def test_it_trains_as_the_original(ported: Any) -> None:
    net, _, back, x = ported
    first, second = (copy.deepcopy(m).double().train() for m in (net, back))
    x = x.double()
    for module in (first, second):
        sgd = torch.optim.SGD(module.parameters(), lr=0.05)
        for _ in range(3):
            sgd.zero_grad()
            (module(x) ** 2).mean().backward()
            sgd.step()
    one, other = first.state_dict(), second.state_dict()
    for name in one:
        assert relative(other[name], one[name]) < 1e-12, name


def test_the_source_mirrors_the_original(ported: Any) -> None:
    text = ported[2].source
    assert "nn.Sequential(" in text and "nn.Flatten()" in text and "nn.BatchNorm2d(" in text
    assert text.count("class Residual") == 2  # with and without a projection


@pytest.mark.parametrize("name", ["resnet", "bilstm_tagger"])
def test_it_is_verified(name: str) -> None:
    """Gradients and statistics come back by the model's own names, in its own layouts."""
    model, _ = built(name)
    net = model.to_torch(verify="numpy")
    assert net.port_report is model.port_reports["torch"]
    assert net.port_report.passed and len(net.port_report.rows) > 4


def test_a_copy_and_a_pickle_of_it(ported: Any) -> None:
    _, _, back, x = ported
    for other in (copy.deepcopy(back), pickle.loads(pickle.dumps(back))):
        assert torch.equal(other(x), back(x))
        assert list(other.state_dict()) == list(back.state_dict())


def test_dtype_and_device(ported: Any) -> None:
    back, x = copy.deepcopy(ported[2]), ported[3]
    assert back.double()(x.double()).dtype == torch.float64
    assert back.float().to("meta")(x.to("meta")).shape == (2, 5)


def test_it_exports_with_any_batch(ported: Any) -> None:
    _, model, back, x = ported
    program = exported(back, model)
    y = torch.cat([x, x, x])
    assert torch.allclose(program.module()(y), back(y), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["lenet", "transformer_encoder", "bilstm_tagger"])
def test_models_of_layers_export(name: str) -> None:
    model, x = built(name)
    net = dump(model)
    program = exported(net, model)
    for got, want in zip(tree.leaves(program.module()(*tensors(x))), tree.leaves(net(*tensors(x)))):
        assert torch.allclose(got, want, rtol=1e-5, atol=1e-6)


def test_statistics_that_are_fixed_stay_fixed() -> None:
    model = mb.Sequential([layers.Input((3,)), layers.BatchNormalization(), layers.Dense(2)])
    model.layers[0].trainable = False
    net = dump(model).train()
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    before = {n: b.clone() for n, b in net.named_buffers()}
    first = net(x)
    assert torch.equal(first, net.eval()(x))
    assert all(torch.equal(b, before[n]) for n, b in net.named_buffers())


def test_frozen_weights_stay_frozen() -> None:
    model = mb.Sequential([layers.Input((3,)), layers.Dense(4), layers.Dense(2)])
    model.layers[0].trainable = False
    net = dump(model)
    assert [p.requires_grad for p in net.parameters()] == [False, False, True, True]


def test_nested_results_and_names() -> None:
    inputs = {"left": layers.Input((3,), name="left"), "right": layers.Input((3,), name="right")}
    total = layers.Add()([inputs["left"], inputs["right"]])
    model = mb.Model(inputs, {"sum": total, "product": layers.Multiply()([inputs["left"], inputs["right"]])})
    net = dump(model)
    left, right = torch.ones(2, 3), torch.full((2, 3), 2.0)
    found = net(left=left, right=right)
    assert torch.equal(found["sum"], left + right) and torch.equal(found["product"], left * right)


def test_a_shared_layer_is_one_module() -> None:
    x = inputs = layers.Input((4,))
    shared = layers.Dense(4, "tanh")
    model = mb.Model(inputs, shared(layers.ReLU()(shared(x))))
    net = dump(model)
    assert sum(isinstance(m, nn.Linear) for m in net.modules()) == 1
    x = np.ones((2, 4), np.float32)
    assert relative(arrays(net(*tensors(x)))[0], _run(model, x)[0]) < 1e-6


def test_bad_names_of_files() -> None:
    with pytest.raises(ArgumentError, match="pt2"):
        check_name("model.pt")


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW"])
@pytest.mark.parametrize("loss", ["MeanSquaredError", "SparseCategoricalCrossentropy", "BinaryCrossentropy"])
def test_the_training_step_is_the_models_own(optimizer: str, loss: str) -> None:
    """Four steps of the written file against `train_on_batch`, at the rounding of float32 for each step."""
    random = np.random.default_rng(0)
    x = random.normal(size=(16, 5)).astype(np.float32)
    y = {
        "MeanSquaredError": random.normal(size=(16, 3)).astype(np.float32),
        "SparseCategoricalCrossentropy": random.integers(0, 3, 16),
        "BinaryCrossentropy": random.integers(0, 2, (16, 3)).astype(np.float32),
    }[loss]
    model = mb.Sequential([layers.Input((5,)), layers.Dense(7, "tanh"), layers.Dense(3)])
    logits = {} if loss == "MeanSquaredError" else {"from_logits": True}
    rates = {"SGD": optimizers.SGD(0.05, momentum=0.9, nesterov=True)}
    chosen = rates.get(optimizer) or getattr(optimizers, optimizer)(0.01)
    model.compile(chosen, getattr(mb.losses, loss)(**logits), backend="torch")
    source = write(model, TARGET, training_step=True)
    net = made(source, source.arrays)
    written = sys.modules[type(net).__module__]
    rule = written.make_optimizer(net)
    for _ in range(4):
        wanted = float(model.train_on_batch(x, y))
        found = float(written.training_step(net, rule, torch.from_numpy(x), torch.from_numpy(y)))
        assert abs(found - wanted) <= 64 * 2.0**-24 * abs(wanted)


def test_a_training_step_that_has_no_form_here() -> None:
    model = mb.Sequential([layers.Input((5,)), layers.Dense(3)])
    with pytest.raises(ArgumentError, match="not compiled"):
        write(model, TARGET, training_step=True)
    model.compile(optimizers.Ftrl(), "mse")
    with pytest.raises(ArgumentError, match="Ftrl"):
        write(model, TARGET, training_step=True)


_NAMES = ("if/kernel", "in/lambda", "state/0", "state/1/0", "state/1/1")


def _oddly_named(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
    """Products and sums with weights whose names are words of Python, or numbers beside other weights."""
    (x,) = args
    with module_scope("if", "Part"):
        x = ops.tanh(ops.matmul(x, weights["if/kernel"]))
    with module_scope("in", "Part"):
        x = ops.tanh(ops.add(x, ops.sum(weights["in/lambda"], axis=0)))
    for name in _NAMES[2:]:
        x = ops.tanh(ops.matmul(x, weights[name]))
    return x


@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
def test_names_that_are_words_of_python_or_numbers(framework: str) -> None:
    random = np.random.default_rng(3)
    weights = [Weight(name, random.normal(size=(4, 4)).astype("float32"), True) for name in _NAMES]
    model = assemble(imported(weights=weights, kwargs={}, program=_oddly_named))
    net = getattr(model, f"to_{framework}")(verify=["torch"])
    if framework == "torch":
        assert set(net.state_dict()) == {"if.weight", "in.lambda", "state._0", "state._1._0", "state._1._1"}


def test_gradients_leave_what_a_call_counts() -> None:
    """The runner's gradients run the model, which must not be seen afterwards."""

    def counting(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        (x,) = args
        weights["calls"].assign(ops.add(weights["calls"], 1.0))
        return ops.multiply(ops.matmul(x, weights["kernel"]), weights["calls"])

    weights = [Weight("kernel", np.eye(4, dtype="float32"), True), Weight("calls", np.zeros((), "float32"), False)]
    for framework in ("torch", "tensorflow"):
        model = assemble(imported(weights=weights, kwargs={}, program=counting))
        getattr(model, f"to_{framework}")(verify=["torch"])


def test_a_single_filter_has_a_gradient_in_float64() -> None:
    kernel = torch.randn(3, 3, 2, 1, dtype=torch.float64, requires_grad=True)
    x = torch.randn(2, 8, 8, 2, dtype=torch.float64).permute(0, 3, 1, 2)
    torch.nn.functional.conv2d(x, filters(kernel)).square().sum().backward()
    copied = kernel.detach().permute(3, 2, 0, 1).contiguous().requires_grad_()
    torch.nn.functional.conv2d(x, copied).square().sum().backward()
    assert relative(kernel.grad, np.transpose(np.asarray(copied.grad), (2, 3, 1, 0))) <= 64 * 2.0**-53

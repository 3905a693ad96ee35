"""Networks of torch.nn, imported: outputs, gradients, a step, statistics, and training, against torch itself."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch_nets import NETS, InPlace, ResNet, Tagger, Tied

import multiback as mb
from multiback import config

_OFTEN = {("mlp", "jax"), ("bag", "jax"), ("dcgan generator", "tensorflow"), ("in place", "tensorflow")} | {
    (name, "numpy") for name in ("resnet", "unet", "gru", "transformer", "tied", "in place")
}


def _cases() -> Iterator[Any]:
    for name in NETS:
        for backend in ("torch", "numpy", "jax", "tensorflow"):
            often = backend == "torch" or (name, backend) in _OFTEN
            yield pytest.param(name, backend, marks=[] if often else [pytest.mark.thorough], id=f"{name}-{backend}")


@pytest.fixture
def float64() -> Iterator[None]:
    """`floatx` is float64."""
    config.set_floatx("float64")
    yield
    config.set_floatx("float32")


def net(name: str) -> tuple[nn.Module, Any]:
    torch.manual_seed(0)
    return NETS[name]()


@pytest.mark.filterwarnings("ignore:Support for mismatched")
@pytest.mark.parametrize(("name", "on"), list(_cases()))
def test_nets(name: str, on: str) -> None:
    """Outputs at two batch sizes, gradients, one step and statistics, in float64."""
    module, inputs = net(name)
    report = mb.from_torch(module, inputs, verify=[on]).port_report
    assert report.verified and not report.failed
    quantities = {row.quantity for row in report.rows}
    assert {"forward", "gradients", "weights after an SGD step"} <= quantities
    if name != "gru, time first":
        assert "forward, another batch size" in quantities


@pytest.mark.filterwarnings("ignore:Support for mismatched")
@pytest.mark.parametrize("name", ["resnet", "tied", "in place", "dcgan discriminator"])
def test_exported_training_form(name: str) -> None:
    module, inputs = net(name)
    report = mb.from_torch(module, inputs, train=True, verify=["torch"]).port_report
    assert report.verified and not report.failed


@pytest.mark.parametrize(
    ("on", "train"),
    [("jax", False), ("numpy", True), pytest.param("tensorflow", True, marks=pytest.mark.thorough)],
)
def test_twenty_steps(float64: None, on: str, train: bool) -> None:
    """A residual network trained here is the one that torch trains, statistics of batch norm included."""
    torch.manual_seed(0)
    module = ResNet().double()
    random = np.random.default_rng(0)
    x, y = random.normal(size=(20, 8, 3, 8, 8)), random.normal(size=(20, 8, 3))
    model = mb.from_torch(module, torch.from_numpy(x[0]), train=train, verify=False)
    model.compile(mb.optimizers.SGD(0.05, momentum=0.9), "mse", backend=on)
    module.train()
    optimizer = torch.optim.SGD(module.parameters(), 0.05, momentum=0.9)
    for inputs, targets in zip(x, y):
        ours = model.train_on_batch(inputs, targets)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(module(torch.from_numpy(inputs)), torch.from_numpy(targets))
        loss.backward()
        optimizer.step()
        assert abs(ours - loss.item()) < 1e-12
    state = module.state_dict()
    assert {w.path for w in model.weights} == set(state)
    for weight in model.weights:
        np.testing.assert_allclose(weight.numpy(), state[weight.path].numpy(), rtol=1e-9, atol=1e-11)


def test_module_is_left_as_it_was() -> None:
    module = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    module[1].eval()
    module[0].weight.requires_grad_(False)
    module(torch.randn(4, 3)).sum().backward()
    before = {k: v.clone() for k, v in module.state_dict().items()}
    gradients = {n: p.grad for n, p in module.named_parameters()}
    x = torch.randn(4, 3)
    drawn = torch.get_rng_state()
    model = mb.from_torch(module, x, train=True)
    assert [m.training for m in module.modules()] == [True, True, False, True]
    assert {n: p.grad for n, p in module.named_parameters()} == gradients
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), drawn)
    assert [w.path for w in model.trainable_weights] == ["0.bias", "1.weight", "1.bias"]


def test_dropout_and_batch_norm_follow_training() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.5))
    x = torch.randn(64, 4).numpy()
    model = mb.from_torch(module, x)
    with mb.use_backend("numpy"):
        np.testing.assert_array_equal(model(x), model(x, training=False))
        dropped = np.asarray(model(x, training=True))
    assert 0.3 < np.mean(dropped == 0) < 0.7
    kept = np.abs(dropped) > 0
    expected = 2 * (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
    np.testing.assert_allclose(dropped[kept], expected[kept], rtol=1e-5)
    assert model.get_weight("0.num_batches_tracked").numpy() == 1
    np.testing.assert_allclose(model.get_weight("0.running_var").numpy(), 0.9 + 0.1 * x.var(0, ddof=1), rtol=1e-6)


def test_cumulative_average_of_batch_norm() -> None:
    module = nn.BatchNorm1d(3, momentum=None)
    random = np.random.default_rng(0)
    batches = random.normal(size=(3, 8, 3)).astype("float32")
    model = mb.from_torch(module, batches[0])
    module.train()
    with mb.use_backend("numpy"):
        for batch in batches:
            model(batch, training=True)
            module(torch.from_numpy(batch))
    np.testing.assert_allclose(model.get_weight("running_mean").numpy(), module.running_mean.numpy(), rtol=1e-5)
    np.testing.assert_allclose(model.get_weight("running_var").numpy(), module.running_var.numpy(), rtol=1e-5)


def test_tied_weights_stay_tied() -> None:
    model = mb.from_torch(Tied(), {"ids": torch.zeros(2, 5, dtype=torch.int64)}, verify=False)
    assert model.get_weight("head.weight") is model.get_weight("table.weight")
    assert sum(w.path in ("head.weight", "table.weight") for w in model.weights) == 1


def test_weights_share_memory_until_either_changes() -> None:
    module = nn.Linear(300, 300)
    model = mb.from_torch(module, torch.randn(2, 300), verify=False)
    assert np.shares_memory(model.get_weight("weight")._cell, module.weight.detach().numpy())


def test_nested_results_and_static_arguments() -> None:
    torch.manual_seed(0)
    module = Tagger(nn.LSTM(5, 4, batch_first=True), 4)
    ids = torch.randint(0, 9, (3, 4))
    model = mb.from_torch(module, (ids,), verify=False)
    with mb.use_backend("torch"):
        found = model(ids)
    expected = module(ids)
    assert set(found) == {"logits", "state", "nothing"} and found["nothing"] is None
    np.testing.assert_allclose(
        found["logits"].detach().numpy(), expected["logits"].detach().numpy(), rtol=1e-5, atol=1e-6
    )
    assert isinstance(found["state"], tuple) and tuple(found["state"][1].shape) == (1, 3, 4)


def test_gradients_stop_where_the_module_stops_them() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                y = self.a(x)
            return y * self.b(x) + self.a(x).detach()

    report = mb.from_torch(Net(), torch.randn(2, 3)).port_report
    assert {row.name for row in report.rows if row.quantity == "gradients"} == {
        "a.weight",
        "a.bias",
        "b.weight",
        "b.bias",
    }


def test_buffers_that_a_call_changes() -> None:
    module = InPlace()
    model = mb.from_torch(module, torch.randn(2, 4))
    with mb.use_backend("numpy"):
        model(np.zeros((3, 4), "float32"))
        model(np.zeros((5, 4), "float32"), training=True)
    assert model.get_weight("calls").numpy() == 2 and int(module.calls) == 0


def test_control_flow_is_kept() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cond(x.sum() > 0, lambda x: self.linear(x), lambda x: x - 1, (x,))

    module = Net()
    model = mb.from_torch(module, torch.ones(2, 3), verify=False)
    for x in (torch.ones(4, 3), -torch.ones(4, 3)):
        with mb.use_backend("torch"):
            np.testing.assert_allclose(model(x).detach().numpy(), module(x).detach().numpy(), rtol=1e-6)


@pytest.mark.filterwarnings("ignore:Complex modules are a new feature")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.complex64, torch.float64])
def test_dtypes_are_kept(dtype: torch.dtype) -> None:
    module = nn.Linear(3, 2).to(dtype)
    model = mb.from_torch(module, torch.randn(2, 3).to(dtype), verify=False)
    assert all(str(w.dtype) == str(dtype).removeprefix("torch.") for w in model.weights)
    with mb.use_backend("torch"):
        assert model(torch.ones(2, 3).to(dtype)).dtype == dtype


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
def test_programs_and_files(tmp_path: Any) -> None:
    """A program that was exported, and its file, are the same model."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2)).eval()
    x = torch.randn(3, 2, 4, 4)
    batch = torch.export.Dim("batch")
    program = torch.export.export(copy.deepcopy(module), (x,), dynamic_shapes=({0: batch},))
    path = tmp_path / "net.pt2"
    torch.export.save(program, path)
    expected = module(torch.cat([x, x])).detach().numpy()
    for source in (program, program.run_decompositions(), path):
        model = mb.from_torch(source)
        with mb.use_backend("torch"):
            found = model(torch.cat([x, x])).detach().numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        assert set(model.named_weights) == set(module.state_dict())


def test_one_sample_as_example() -> None:
    """A batch of one is no fixed batch."""
    model = mb.from_torch(nn.Linear(3, 2), torch.randn(1, 3), verify=False)
    with mb.use_backend("numpy"):
        assert model(np.zeros((7, 3), "float32")).shape == (7, 2)


def test_a_batch_that_the_module_fixes() -> None:
    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.reshape(2, 2, -1) * 2

    model = mb.from_torch(Net(), torch.randn(4, 3))
    assert any("fixes" in note for note in model.port_report.notes)
    (spec,) = mb.from_torch(nn.Linear(3, 2), torch.randn(4, 3), dynamic_batch=False).input_specs.values()
    assert spec.shape == (4, 3)


class _Rescaled(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            self.fc.weight.div_(2.0)
            self.fc.weight.mul_(2.0)
        return self.fc(x)


def test_a_weight_written_without_gradients_is_still_trained() -> None:
    model = mb.from_torch(_Rescaled().eval(), torch.randn(2, 3))
    assert model.port_report.passed
    assert any(row.quantity == "gradients" and row.name == "fc.weight" for row in model.port_report.rows)

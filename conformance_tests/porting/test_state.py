"""Checkpoints of other frameworks, loaded by a name map: all of it or nothing, and a report of what matched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from recorded import KERNEL, imported
from safetensors.numpy import save_file

import multiback as mb
from multiback import layers
from multiback.errors import ArgumentError, PortError, SavingError
from multiback.porting import assemble, load_state


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 8, 3)
        self.norm = torch.nn.BatchNorm2d(8)
        self.depthwise = torch.nn.Conv2d(8, 16, 3, groups=8)
        self.up = torch.nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.prelu = torch.nn.PReLU(8)
        self.ln = torch.nn.LayerNorm(8)
        self.lstm = torch.nn.LSTM(8, 5, batch_first=True)
        self.gru = torch.nn.GRU(5, 4, batch_first=True)
        self.rnn = torch.nn.RNN(4, 4, batch_first=True)
        self.fc = torch.nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.conv(x)))
        x = self.prelu(self.up(self.depthwise(x))).flatten(2).transpose(1, 2)
        x = self.lstm(self.ln(x))[0]
        return self.fc(self.rnn(self.gru(x)[0])[0][:, -1])


def original() -> Net:
    torch.manual_seed(1)
    net = Net().eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, 0.3)
        net.norm.running_mean.normal_()
        net.norm.running_var.uniform_(0.5, 2)
    return net


def written_here() -> mb.Model:
    return mb.Sequential(
        [
            layers.Input((9, 8, 3)),
            layers.Conv2D(8, 3, name="conv"),
            layers.BatchNormalization(epsilon=1e-5, name="norm"),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise"),
            layers.Conv2DTranspose(8, 2, strides=2, name="up"),
            layers.PReLU(shared_axes=(1, 2), name="prelu"),
            layers.Reshape((-1, 8)),
            layers.LayerNormalization(epsilon=1e-5, name="ln"),
            layers.LSTM(5, return_sequences=True, name="lstm"),
            layers.GRU(4, return_sequences=True, name="gru"),
            layers.SimpleRNN(4, name="rnn"),
            layers.Dense(2, name="head"),
        ]
    )


def test_a_checkpoint_of_torch_fits_a_model_written_here(tmp_path: Path, backend: str) -> None:
    net, model = original(), written_here().to(backend)
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    save_file({name: np.ascontiguousarray(a) for name, a in state.items()}, tmp_path / "net.safetensors")
    report = load_state(model, tmp_path / "net.safetensors", names={"head": "fc"}, layout="torch")
    assert report.complete and len(report.matched) == len(model.weights)
    x = np.random.default_rng(0).normal(size=(2, 3, 9, 8)).astype("float32")
    want = net.double()(torch.tensor(x).double()).detach().numpy()
    np.testing.assert_allclose(model.predict(x.transpose(0, 2, 3, 1), verbose=0), want, rtol=1e-4, atol=1e-5)


def test_what_does_not_match_is_listed_and_nothing_changes() -> None:
    model = written_here()
    before = model.get_weights()
    state = dict(original().state_dict())
    state["more"] = torch.zeros(1)
    with pytest.raises(PortError) as error:
        load_state(model, state, layout="torch")
    for text in ("nothing was loaded", "head/kernel (as head.weight)", "fc.weight", "more", "names={...}"):
        assert text in str(error.value), text
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    report = load_state(model, state, layout="torch", strict=False)
    assert set(report.missing) == {"head/kernel", "head/bias"}
    assert set(report.unexpected) == {"fc.weight", "fc.bias", "more"}


def test_a_wrong_shape_is_an_error_even_if_not_strict() -> None:
    model = written_here()
    state = {**original().state_dict(), "conv.weight": torch.zeros(8, 3, 5, 5)}
    with pytest.raises(PortError, match=r"conv/kernel expects \(3, 3, 3, 8\), got \(5, 5, 3, 8\)"):
        load_state(model, state, names={"head": "fc"}, layout="torch", strict=False)


def test_names_by_function_and_by_weight() -> None:
    model = mb.Sequential([layers.Input((4,)), layers.Dense(3, name="head")])
    state = {"net.head.weight": torch.tensor(KERNEL), "b": torch.ones(3)}
    load_state(model, state, names={"head": "net.head", "head/bias": "b"}, layout="torch")
    assert np.array_equal(model.get_weights()[0], KERNEL.T) and np.array_equal(model.get_weights()[1], np.ones(3))
    named = {"x.kernel": np.zeros((4, 3), "float32"), "x.bias": np.zeros(3, "float32")}
    load_state(model, named, names=lambda path: "x")
    assert not model.get_weights()[0].any()


def test_an_imported_model_takes_its_original_names(tmp_path: Path) -> None:
    model = assemble(imported())
    arrays = {"head.weight": KERNEL * 2, "mean": np.ones(3, "float32")}
    np.savez(tmp_path / "net.npz", **arrays)
    report = load_state(model, tmp_path / "net.npz", strict=False)
    assert set(report.matched) == {"head.weight", "mean"} and set(report.missing) == {"constant_0"}
    assert np.array_equal(model.get_weight("tied.weight").numpy(), KERNEL * 2)


def test_an_unknown_path_names_the_nearest() -> None:
    with pytest.raises(ArgumentError, match=r"no layer 'haed'. Did you mean 'head'"):
        load_state(written_here(), original().state_dict(), names={"haed": "fc"}, layout="torch")


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("net.pt", b"x", "is a pickle, which can run code"),
        ("net.h5", b"x", "'.safetensors' or '.npz'"),
        ("net.safetensors", b"\xff" * 40, "not a valid .safetensors file"),
        ("net.safetensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", None),
        ("net.npz", b"PK\x03\x04broken", "not a valid .npz file"),
    ],
)
def test_a_bad_file_is_one_clear_error(tmp_path: Path, name: str, content: bytes, text: Any) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((SavingError, PortError), match=text):
        load_state(written_here(), tmp_path / name, layout="torch")

"""What cannot be imported from torch is refused with one clear error, before any work."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import multiback as mb
from multiback.errors import ArgumentError, PortError, SavingError, UnsupportedModel

X = torch.ones(2, 3)


class Net(nn.Module):
    """A layer, and what a case does with its result."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.function = function

    def forward(self, *args: Any) -> Any:
        return self.function(self.linear(args[0]), *args)


def _branch(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return y if y.sum() > 0 else -y


def _number(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return y.reshape(int(y.sum().item()), -1)


def _selected(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return y[x > 0].sum()


def _changed(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    x.mul_(2)
    return y + x


def _foreign(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return torch.special.bessel_j0(y) + torch.special.bessel_j0(x) + torch.igamma(x, x)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (_branch, ("decides by the numbers", "test_torch_bad_input.py:", "torch.where")),
        (_number, ("test_torch_bad_input.py:", "fixed size")),
        (_selected, ("depends on the numbers", "mask")),
        (_changed, ("changes its input", "clone()")),
    ],
)
def test_what_a_program_cannot_do(function: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(UnsupportedModel) as caught:
        mb.from_torch(Net(function), X)
    for word in words:
        assert word in str(caught.value)


def test_all_ops_at_once_with_their_lines() -> None:
    with pytest.raises(UnsupportedModel) as caught:
        mb.from_torch(Net(_foreign), X)
    assert caught.value.ops == {"aten.special_bessel_j0.default": 2, "aten.igamma.default": 1}
    assert str(caught.value).count("test_torch_bad_input.py:") == 2
    assert 'register("torch", "aten.special_bessel_j0.default")' in str(caught.value)


def test_ones_own_handler() -> None:
    @mb.porting.register("torch", "aten.igamma")
    def igamma(a: Any, x: Any) -> Any:
        return mb.ops.exp(-x) * a

    try:
        model = mb.from_torch(Net(lambda y, x: torch.igamma(x, x) + y), X, verify=False)
    finally:
        mb.porting.unregister("torch", "aten.igamma")
    assert any(e.op.name == "exp" for e in model.recorded.forms[False].graph.equations)


@pytest.mark.parametrize(
    ("key", "handler", "words"),
    [
        ("aten.igamma", lambda a, x: mb.ops.sum(a), "gives shape ()"),
        ("aten.igamma", lambda a, x: mb.ops.cast(a, "int32"), "gives int32"),
    ],
)
def test_a_wrong_handler(key: str, handler: Any, words: str) -> None:
    mb.porting.register("torch", key)(handler)
    try:
        with pytest.raises(PortError, match=r"aten\.igamma") as caught:
            mb.from_torch(Net(lambda y, x: torch.igamma(x, x) + y), X)
    finally:
        mb.porting.unregister("torch", key)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("inputs", "error", "words"),
    [
        (None, ArgumentError, "example inputs"),
        ((), ArgumentError, "at least one array"),
        (torch.ones(2, 4), ArgumentError, "float32[2, 4]"),
        ((X, X), ArgumentError, "does not run"),
        ({"y": X}, ArgumentError, "does not run"),
        (torch.ones(2, 3, dtype=torch.int64), ArgumentError, "int64[2, 3]"),
    ],
)
def test_wrong_inputs(inputs: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        mb.from_torch(nn.Linear(3, 2), inputs)
    assert words in str(caught.value)


def test_wrong_sources() -> None:
    with pytest.raises(ArgumentError, match=r"takes a torch\.nn\.Module"):
        mb.from_torch(torch.relu, X)
    program = torch.export.export(nn.Linear(3, 2), (X,))
    with pytest.raises(ArgumentError, match="one form"):
        mb.from_torch(program, X, train=True)


def test_quantised_weights() -> None:
    net = Net(lambda y, x: y.to(torch.float8_e4m3fn).to(torch.float32))
    with pytest.raises(UnsupportedModel, match="float8"):
        mb.from_torch(net, X)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A sound file."""
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(nn.Linear(3, 2), (X,), dynamic_shapes=({0: torch.export.Dim("n")},)), path)
    return path


class _Attack:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def _rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    out = path.with_name("changed.pt2")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, change(info.filename, old.read(info)))
    return out


def _in_json(part: str, change: Callable[[Any], Any]) -> Callable[[str, bytes], bytes]:
    def apply(name: str, data: bytes) -> bytes:
        return json.dumps(change(json.loads(data))).encode() if name.endswith(part) else data

    return apply


def _pickled(config: Any) -> Any:
    for payload in config["config"].values():
        payload["use_pickle"] = True
    return config


def _evaluated(model: Any) -> Any:
    text = json.dumps(model).replace("Symbol('s", "__import__('os').getcwd() or Symbol('s", 1)
    return json.loads(text)


def _called(model: Any) -> Any:
    return json.loads(json.dumps(model).replace("torch.ops.aten.linear.default", "torch.hub.load", 1))


def test_a_sound_file_is_read(file: Path) -> None:
    assert len(mb.from_torch(file).weights) == 2


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("weights_config.json", _pickled, "pickled"),
        ("models/model.json", _evaluated, "no arithmetic"),
        ("models/model.json", _called, "no op"),
    ],
)
def test_files_that_would_run_code(file: Path, part: str, change: Any, words: str) -> None:
    with pytest.raises(SavingError, match=words):
        mb.from_torch(_rewritten(file, _in_json(part, change)))


def test_pickled_example_inputs(file: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    attack = pickle.dumps(_Attack(mark))
    changed = _rewritten(file, lambda name, data: attack if "sample_inputs" in name else data)
    with pytest.raises(SavingError, match="only code could load"):
        mb.from_torch(changed)
    assert not mark.exists()


def test_damaged_files(file: Path, tmp_path: Path) -> None:
    data = file.read_bytes()
    for i, bad in enumerate((data[:100], data[: len(data) // 2], b"", b"no archive at all")):
        path = tmp_path / f"bad{i}.pt2"
        path.write_bytes(bad)
        with pytest.raises(SavingError, match="not a readable"):
            mb.from_torch(path)
    flipped = bytearray(data)
    flipped[data.index(torch.export.load(file).state_dict["weight"].detach().numpy().tobytes()) + 3] ^= 1
    (tmp_path / "flipped.pt2").write_bytes(flipped)
    with pytest.raises(SavingError, match="damaged"):
        mb.from_torch(tmp_path / "flipped.pt2")
    with pytest.raises(SavingError, match="no file"):
        mb.from_torch(tmp_path / "nowhere.pt2")

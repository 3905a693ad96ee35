"""The wheel and the sdist, built from this checkout, install into an empty environment and pass a smoke run."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMOKE = """
import sys
import numpy as np
import multiback as mb
from multiback import layers

assert not {"torch", "jax", "tensorflow"} & set(sys.modules)
assert mb.available_backends() == ["numpy"], mb.available_backends()
mb.random.set_seed(0)
x = np.random.default_rng(0).normal(size=(64, 4))
y = (x[:, 0] > 0).astype("int64")
model = mb.Sequential([layers.Input((4,)), layers.Dense(8, "relu"), layers.Dense(2)])
model.compile(mb.optimizers.Adam(0.05), mb.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(x, y, epochs=8, verbose=0)
assert model.evaluate(x, y, verbose=0)[1] > 0.9
try:
    mb.set_backend("torch")
except mb.errors.BackendUnavailable as error:
    assert "pip install 'multiback[torch]'" in str(error)
print("smoke run passed")
"""


def built(folder: Path) -> tuple[Path, Path]:
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


@pytest.mark.thorough
def test_wheel_and_sdist_install_into_an_empty_environment(tmp_path: Path) -> None:
    wheel, sdist = built(tmp_path / "dist")
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {t for t in tops if not t.endswith(".dist-info")} == {
        "multiback", "multiback_jax", "multiback_numpy", "multiback_tensorflow", "multiback_torch",
    }  # fmt: skip
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"conformance_tests/conftest.py", "examples/digits.py", "constraints.txt"} <= names
    for package in (wheel, sdist):
        home = tmp_path / package.name
        venv.create(home, with_pip=True)
        python = str(home / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(package)], check=True)
        out = subprocess.run([python, "-c", SMOKE], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        assert out.strip() == "smoke run passed"
        listed = subprocess.run(
            [python, "-m", "multiback", "backends"], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout
        assert "not installed; pip install 'multiback[jax]'" in listed

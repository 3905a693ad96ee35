"""Source for JAX, TensorFlow, Keras and NumPy: whole files that need only their framework, as ruff formats them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from printed_models import built, close, meaning, printed

from multiback.graph.op import OPS
from multiback.porting.exporting import to_source
from multiback.testing.chapters.ops import _values
from multiback.testing.op_graphs import SIZES, case_graph

QUICK = ("lenet", "gru_seq2seq", "transformer_decoder")
MODELS = (*QUICK, "resnet", "unet", "bilstm_tagger", "transformer_encoder", "mlp", "vae")
DRAWS = ("random_bits", "uniform", "bernoulli", "normal", "dropout")

ALONE = """
import importlib.util, sys
sys.modules["multiback"] = None
import numpy as np

def loaded(path):
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

for name in sys.argv[2:]:
    module = loaded(f"{name}.py")
    given = np.load(f"{name}.npz")
    arrays = [given[f"input_{i}"] for i in range(len(given.files))]
    made = module.load(f"{name}.safetensors")
    y = RUN
    np.save(f"{name}.npy", np.asarray(y))
assert not any(m.partition(".")[0].startswith("multiback") for m in sys.modules if sys.modules[m] is not None)
"""
RUN = {
    "numpy": "module.apply(made, *arrays)",
    "jax": "module.jax.jit(module.apply)(made, *arrays)",
    "tensorflow": "made(*map(module.tf.constant, arrays)).numpy()",
    "keras": "module.keras.ops.convert_to_numpy(made(arrays if len(arrays) > 1 else arrays[0]))",
}
ENVIRONMENT = {"JAX_ENABLE_X64": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.mark.parametrize("framework", sorted(RUN))
def test_files_stand_alone(framework: str, tmp_path: Path) -> None:
    _stand_alone(framework, MODELS if framework == "numpy" else QUICK, tmp_path, "torch")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("framework", "keras"),
    [("jax", ""), ("tensorflow", ""), ("keras", "jax"), ("keras", "tensorflow"), ("keras", "torch")],
)
def test_files_of_all_models_stand_alone(framework: str, keras: str, tmp_path: Path) -> None:
    _stand_alone(framework, MODELS, tmp_path, keras)


def _stand_alone(framework: str, names: Sequence[str], tmp_path: Path, keras: str) -> None:
    # Keras multiplies matrices in float32 whatever they are, so its files are judged in that.
    float64 = framework != "keras"
    wanted = {}
    for name in names:
        model, arrays = built(name)
        to_source(model, framework, tmp_path / f"{name}.py", float64=float64)
        wide = [a.astype(np.float64 if float64 else a.dtype) if a.dtype.kind == "f" else a for a in arrays]
        np.savez(tmp_path / f"{name}.npz", **{f"input_{i}": a for i, a in enumerate(wide)})
        (wanted[name],) = meaning(model, arrays)
    script = tmp_path / "alone.py"
    script.write_text(ALONE.replace("RUN", RUN[framework]))
    environment = {**os.environ, **ENVIRONMENT, "KERAS_BACKEND": keras}
    subprocess.run(
        [sys.executable, str(script), framework, *names], cwd=tmp_path, env=environment, check=True, timeout=300
    )
    for name, want in wanted.items():
        close(np.load(tmp_path / f"{name}.npy"), want, f"{framework} {name}", 1e-12 if float64 else 64 * 2**-24)


@pytest.mark.parametrize("framework", sorted(RUN))
def test_files_are_formatted(framework: str, tmp_path: Path) -> None:
    for name in MODELS:
        to_source(built(name)[0], framework, tmp_path / f"{name}.py")
    for command in (["check"], ["format", "--check", "--diff"]):
        given = [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "120", str(tmp_path)]
        done = subprocess.run(given, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("framework", sorted(RUN))
def test_files_mirror_the_model(framework: str, tmp_path: Path) -> None:
    text = to_source(built("transformer_decoder")[0], framework)
    defined = [n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    attention = "MultiHeadAttention" if framework in ("tensorflow", "keras") else "multi_head_attention"
    assert defined.count(attention) == 1  # two layers, written once
    calls = text.count(f"{attention}()") if framework in ("tensorflow", "keras") else text.count(f"= {attention}(")
    assert calls == 2
    assert "multiback" not in text


@pytest.mark.parametrize("family", sorted({op.module.rpartition(".")[2] for op in OPS.values()}))
def test_every_op_is_written_in_numpy(family: str) -> None:
    _judge("numpy", "numpy", family)


@pytest.mark.thorough
@pytest.mark.parametrize("framework", ["jax", "tensorflow"])
@pytest.mark.parametrize("family", sorted({op.module.rpartition(".")[2] for op in OPS.values()}))
def test_every_op_is_written(framework: str, family: str) -> None:
    _judge(framework, framework, family)


def _judge(backend: str, framework: str, family: str) -> None:
    adapter = printed(backend, framework)
    failed = []
    for op in [o for o in OPS.values() if o.module.rpartition(".")[2] == family and o.name not in DRAWS]:
        for case in op.cases:
            dtype = case.dtypes[0]
            if dtype == "bfloat16" or "bfloat16" in case.label:
                continue
            graph = case_graph(op, case, dtype)
            if any(e.op.name == "value_and_grad" for e in graph.walk()):
                continue
            for row in _values(op, case, dtype, adapter, SIZES[0], adapter.compile(graph)):
                if not row.verdict.passed:
                    failed.append(f"{op.name} {case.label}: {row.verdict.text}")
    assert not failed

"""What importing costs, and what it must not import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

FRAMEWORKS = ("torch", "jax", "tensorflow", "keras")
ROOT = Path(__file__).parents[2]


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


LOADED = f"import sys; print(','.join(m for m in {FRAMEWORKS!r} if m in sys.modules))"


def test_importing_multiback_loads_no_framework() -> None:
    assert run(f"import multiback; {LOADED}") == ""


@pytest.mark.parametrize(
    "module", ["layers", "ops", "models", "optimizers", "losses", "metrics", "callbacks", "saving"]
)
def test_importing_a_module_loads_no_framework(module: str) -> None:
    assert run(f"import multiback.{module}; {LOADED}") == ""


def test_listing_backends_and_building_a_model_loads_no_framework() -> None:
    code = """
import multiback as mb
from multiback import layers
mb.available_backends()
mb.Sequential([layers.Input((4,)), layers.Dense(2), layers.Dropout(0.5)]).summary(print_fn=lambda text: None)
"""
    assert run(code + LOADED) == ""


@pytest.mark.parametrize("name", ["torch", "jax", "numpy"])
def test_a_backend_loads_its_own_framework_only(name: str) -> None:
    code = f"""
import numpy as np, multiback as mb
from multiback import layers
model = mb.Sequential([layers.Input((4,)), layers.Dense(2)])
model.compile("adam", "mse", backend={name!r})
model.fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0)
"""
    assert run(code + LOADED) == ("" if name == "numpy" else name)


def test_importing_is_quick() -> None:
    code = "import time; t = time.perf_counter(); import multiback; print(time.perf_counter() - t)"
    assert min(float(run(code)) for _ in range(3)) < 0.3


@pytest.mark.parametrize("path", sorted((ROOT / "multiback").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_imports_no_framework_and_tests_for_no_name(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not {a.name.partition(".")[0] for a in node.names} & set(FRAMEWORKS)
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            assert (node.module or "").partition(".")[0] not in FRAMEWORKS
        if isinstance(node, ast.Compare):
            constants = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
            assert not constants & {"torch", "jax", "tensorflow"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_adapter_imports_no_other_framework(framework: str) -> None:
    for path in (ROOT / "adapters").rglob("*.py"):
        own = path.relative_to(ROOT / "adapters").parts[0].removeprefix("multiback_")
        if own == framework:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert framework not in {n.partition(".")[0] for n in names}, path

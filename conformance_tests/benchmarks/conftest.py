"""The modules of `benchmarks/`, which are scripts with plain names and not a package."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
NAMES = ("charts", "compare", "figures", "page", "report", "run", "summary", "tables", "targets", "workloads")


@pytest.fixture(scope="session")
def benchmarks() -> SimpleNamespace:
    """Those that need no framework, imported without staying in the way of other modules of such names."""
    own = {path.stem for path in FOLDER.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in own}
    sys.path.insert(0, str(FOLDER))
    try:
        return SimpleNamespace(**{name: importlib.import_module(name) for name in NAMES})
    finally:
        sys.path.remove(str(FOLDER))
        for name in [name for name in sys.modules if name.partition(".")[0] in own]:
            del sys.modules[name]
        sys.modules.update(hidden)

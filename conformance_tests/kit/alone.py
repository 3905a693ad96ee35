"""Runs scripts in a process of their own that cannot import multiback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

_BLOCKED = """
import sys
class NoMultiback:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("multiback"):
            raise ImportError(name)
sys.meta_path.insert(0, NoMultiback())
for path in sys.argv[1:]:
    exec(compile(open(path).read(), path, "exec"), {"__name__": "__main__"})
"""


def run_alone(scripts: Sequence[str]) -> list[str]:
    """The lines that scripts print, run one after the other."""
    done = subprocess.run([sys.executable, "-I", "-c", _BLOCKED, *scripts], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()

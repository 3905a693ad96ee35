"""A process that is killed while it saves leaves a whole file: the old one or the new one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from multiback.models import load_model

KILLS = 20

PROGRAM = """
import sys
import numpy as np
import multiback as mb
from multiback import layers

model = mb.Sequential([mb.Input((200,)), layers.Dense(300), layers.Dense(200)])
model.compile("adam", "mse")
model.optimizer.build(model.trainable_variables)
for version in range(1, 1000):
    for variable in [*model.weights, *model.optimizer.variables]:
        variable.assign(np.full(variable.shape, version, variable.dtype.numpy))
    print("saving", flush=True)
    model.save(sys.argv[1])
    print("saved", version, flush=True)
"""


def version_in(path: Path) -> int:
    """The version that a file holds, all of it."""
    model = load_model(path)
    numbers = {float(x) for v in [*model.weights, *model.optimizer.variables] for x in np.unique(v.numpy())}
    assert len(numbers) == 1, numbers
    return int(numbers.pop())


def saving_until_killed(path: Path, after: float) -> int:
    """Kills a saving process some time after its second save began; the last version it reported as saved."""
    environment = os.environ | {"MULTIBACK_BACKEND": "numpy"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, path], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        for expected in ("saving", "saved 1", "saving"):
            assert process.stdout.readline().strip() == expected
        time.sleep(after)
        process.kill()
        lines = process.stdout.read().split("\n")
    return max([1, *(int(line.split()[1]) for line in lines if line.startswith("saved"))])


def test_the_file_is_always_whole(tmp_path: Path) -> None:
    kills = int(os.environ.get("MULTIBACK_KILLS", KILLS))
    path = tmp_path / "m.keras"
    generator = np.random.default_rng(0)
    for _ in range(kills):
        reported = saving_until_killed(path, float(generator.uniform(0, 0.05)))
        assert version_in(path) in (reported, reported + 1)
    load_model(path).save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"], "leftovers are removed by the next save"

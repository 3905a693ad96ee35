"""`multiback conformance --model net.keras --data batch.npz`: one's own model, judged on the installed backends."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from multiback.errors import ArgumentError

FOLDER = "multiback_report"
"""Where the evidence goes when a model fails and no folder was named."""


def judge_model(model: str, data: str, backends: Sequence[str] | None, reports: Sequence[str], **options: bool) -> int:
    """Prints the table of `multiback.testing.check`; the exit status is 1 if any backend is out of its bounds.

    Arguments:
        model: A `.keras` file.
        data: A `.npz` file with `x` and, for a compiled model, `y`; `x/<name>` and `y/<name>` where there are several;
            `sample_weight` if wanted.
        backends: Names; None for all that are installed.
        reports: Paths: a `.json` file, or a folder, which also gets the guilty equation's inputs and a reproducer;
            on failure a folder is written in any case.
        options: `float64` and `every_equation`, as of `multiback.testing.check`.

    Raises:
        ArgumentError: for a file that cannot be read or lacks `x`.
    """
    from multiback.saving import load_model
    from multiback.testing import check

    for path in reports:
        if Path(path).suffix not in ("", ".json"):
            raise ArgumentError(f"The report on a model is a .json file or a folder; got {path!r}.")
    x, y, sample_weight = read_batch(data)
    found = check(load_model(model), x, y, backends, sample_weight, **options)
    print(found)
    folders = [path for path in reports if not Path(path).suffix]
    for path in folders or ([] if found.passed else [FOLDER]):
        found.save(path)
        print(f"Report in {path}")
    for path in reports:
        if Path(path).suffix:
            Path(path).write_text(json.dumps(found.to_json(), indent=1) + "\n")
    return 0 if found.passed else 1


def read_batch(path: str) -> tuple[Any, Any, Any]:
    """Inputs, targets and sample weights from a .npz file; None for what is not there.

    Raises:
        ArgumentError: if it is no such file, or has no `x`.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise ArgumentError(f"{path} is not a .npz file of plain arrays: {error}.") from error
    known = ("x", "y", "sample_weight")
    if strange := [name for name in arrays if name.partition("/")[0] not in known]:
        raise ArgumentError(
            f"{path} has an array {strange[0]!r}; expected x (or x/<input>), y (or y/<output>), sample_weight."
        )
    x, y = (_whole_or_named(arrays, key) for key in ("x", "y"))
    if x is None:
        raise ArgumentError(f"{path} has no array 'x' (or 'x/<input name>').")
    return x, y, arrays.get("sample_weight")


def _whole_or_named(arrays: dict[str, np.ndarray], key: str) -> Any:
    named = {name.partition("/")[2]: array for name, array in arrays.items() if name.startswith(f"{key}/")}
    return arrays.get(key, named or None)

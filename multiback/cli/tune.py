"""`multiback tune`: what the steps of a saved model cost on this machine, and what is remembered of it."""

from __future__ import annotations

import argparse
import contextlib
import json
from typing import Any

import numpy as np

from multiback import tree
from multiback.backends import tuning_records
from multiback.cli.conformance_model import read_batch
from multiback.errors import ArgumentError

DESCRIPTION = """\
Measures the steps of a saved model on each backend, in every way that the backend lets be chosen (such as with and
without XLA, or by one kernel or another), and remembers the quickest for this machine:

  multiback tune model.keras --data batch.npz           the training step and the prediction
  multiback tune model.keras --batch-size 64            without data: the prediction, on random inputs
  multiback tune --show                                 what was measured so far, and where it is kept
  multiback tune --forget                               forget it
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("model", nargs="?", help="a .keras file")
    parser.add_argument("--data", help="a .npz file with x, and y for the training step of a compiled model")
    parser.add_argument("--batch-size", type=int, default=32, help="rows of the batch (default 32)")
    parser.add_argument("--backend", action="append", help="a backend to measure; may be repeated (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--show", action="store_true", help="print what is remembered")
    parser.add_argument("--forget", action="store_true", help="forget all that was measured")


def run(given: argparse.Namespace) -> int:
    """Runs the command; returns the exit status.

    Raises:
        ArgumentError: without a model, or for data that lacks what the model needs.
    """
    if given.forget:
        print(f"Forgot {len(_forget())} files.")
        return 0
    if given.show:
        _show(given.json)
        return 0
    if given.model is None:
        raise ArgumentError("multiback tune needs a .keras file, --show or --forget.")
    from multiback.saving import load_model

    model = load_model(given.model)
    if given.data:
        x, y, _ = read_batch(given.data)
    else:
        x, y = random_inputs(model, given.batch_size), None
    tuning = model.tune(x, y, batch_size=given.batch_size, backends=given.backend or "all")
    if given.json:
        rows = [{"step": r.step, "backend": r.backend, "way": r.way, "seconds": r.seconds} for r in tuning.rows]
        print(json.dumps({"batch_size": tuning.batch_size, "steps": rows, "ops": tuning.ops}, indent=1))
    else:
        print(tuning)
        print(f"What could be chosen is remembered in {tuning_records.folder() or 'this process only'}.")
    return 0


def random_inputs(model: Any, rows: int) -> Any:
    """Random floats and zeros of other kinds, for each input of a model.

    Raises:
        ArgumentError: if the model does not say what its inputs are, or an axis is open.
    """
    random = np.random.default_rng(0)

    def draw(tensor: Any) -> np.ndarray:
        shape = tuple(rows if i == 0 else n for i, n in enumerate(tensor.shape))
        if not all(isinstance(n, int) for n in shape):
            raise ArgumentError(f"Input {tensor.name!r} has the open shape {tensor.shape}: give inputs with --data.")
        kind = np.dtype(str(tensor.dtype))
        return random.standard_normal(shape).astype(kind) if kind.kind == "f" else np.zeros(shape, kind)

    try:
        return tree.map(draw, model.inputs if len(model.inputs) > 1 else model.inputs[0])
    except AttributeError:
        raise ArgumentError(f"Model {model.name!r} does not say what its inputs are: give some with --data.") from None


def _files() -> list[Any]:
    folder = tuning_records.folder()
    return sorted(folder.glob("tuning-*.json")) if folder is not None and folder.is_dir() else []


def _forget() -> list[Any]:
    files = _files()
    for file in files:
        file.unlink(missing_ok=True)
    return files


def _show(as_json: bool) -> None:
    documents = {}
    for file in _files():
        with contextlib.suppress(OSError, ValueError):
            documents[str(file)] = json.loads(file.read_text("utf-8"))
    if as_json:
        print(json.dumps(documents, indent=1))
        return
    if not documents:
        print(f"Nothing is remembered in {tuning_records.folder()}.")
    for path, document in documents.items():
        print(f"{path}\n  {', '.join(f'{k} {v}' for k, v in document['about'].items())}")
        for key, seconds in document["entries"].items():
            ways = sorted(seconds.items(), key=lambda item: item[1])
            print(f"  {key}: " + ", ".join(f"{n} {1e3 * s:.3f} ms" for n, s in ways))

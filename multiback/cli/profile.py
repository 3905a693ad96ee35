"""`multiback profile`: where the time of a saved model's step goes on a backend, by layer and op."""

from __future__ import annotations

import argparse
import json

from multiback.cli.conformance_model import read_batch
from multiback.cli.tune import random_inputs
from multiback.errors import ArgumentError

DESCRIPTION = """\
Measures a step of a saved model on a backend: as a whole, and each equation of its compiled graph alone, with its
floating-point operations and bytes, and the share of the speed of a large matrix product that it attains:

  multiback profile model.keras                                  the prediction, on random inputs
  multiback profile model.keras --data batch.npz --train         the training step of a compiled model
  multiback profile model.keras --backend torch --html out.html  also as a page with a flame graph
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("model", help="a .keras file")
    parser.add_argument("--data", help="a .npz file with x, and y for the training step")
    parser.add_argument("--backend", help="where to measure (default: the selected backend)")
    parser.add_argument("--train", action="store_true", help="the training step, which needs --data")
    parser.add_argument("--batch-size", type=int, default=32, help="rows of the batch (default 32)")
    parser.add_argument("--steps", type=int, default=10, help="over how many runs each time is the median (default 10)")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="elapsed or processor time")
    parser.add_argument("--html", metavar="FILE", help="write a page with a flame graph")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(given: argparse.Namespace) -> int:
    """Runs the command; returns the exit status.

    Raises:
        ArgumentError: for a training step without data, or data that cannot be read.
    """
    if given.train and not given.data:
        raise ArgumentError("multiback profile --train needs inputs and targets: give a .npz file with --data.")
    from multiback.saving import load_model

    model = load_model(given.model)
    if given.backend:
        model.to(given.backend)
    x, y = read_batch(given.data)[:2] if given.data else (random_inputs(model, given.batch_size), None)
    found = model.profile(
        x,
        y if given.train else None,
        batch_size=given.batch_size,
        steps=given.steps,
        training=given.train,
        clock=given.clock,
    )
    if given.html:
        found.html(given.html)
    print(json.dumps(found.to_json(), indent=1) if given.json else found)
    return 0

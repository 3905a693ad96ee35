"""`multiback port`: a model file of one framework as a file of another, verified."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from multiback.cli._sources import read_source
from multiback.errors import ArgumentError

DESCRIPTION = """\
Brings a model from one framework into another, and compares both:

  multiback port model.onnx --to torch model.pt2          an exported program
  multiback port model.keras --to onnx model.onnx
  multiback port model.pt2 --to tensorflow exported/      a SavedModel
  multiback port exported/ --to keras model.keras
  multiback port model.onnx --to jax model.py             readable source, and model.safetensors beside it
  multiback port model.keras --to source --framework torch model.py
  multiback port weights.safetensors --spec model.json --layout torch --to onnx model.onnx
"""

TARGETS = ("torch", "jax", "tensorflow", "keras", "onnx", "source")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("source", help=".onnx, .keras, .pt2, the folder of a SavedModel, or .safetensors with --spec")
    parser.add_argument("--to", required=True, choices=TARGETS, help="what to make of it")
    parser.add_argument("out", help="the file or folder to write")
    parser.add_argument("--framework", help="of the source to write, with --to source")
    parser.add_argument("--spec", help="for .safetensors: the model, a .keras or .json file")
    parser.add_argument("--layout", help="for .safetensors: whose names and layouts the arrays have, such as torch")
    parser.add_argument("--data", help="a .npz file with inputs for the verification (default: random ones)")
    parser.add_argument("--backend", action="append", help="where to verify; may be given several times")
    parser.add_argument("--no-verify", action="store_true", help="do not compare")
    parser.add_argument("--report", action="append", default=[], help="write the report: .html or .json")


def run(given: argparse.Namespace) -> int:
    """Runs the command; the exit status is 1 if the port does not compute what its original does."""
    if (given.to == "source") != (given.framework is not None):
        raise ArgumentError(
            "--to source needs --framework torch, jax, tensorflow, keras or numpy; nothing else takes it."
        )
    verify = False if given.no_verify else given.backend or "report"
    model = read_source(given.source, verify=verify, spec=given.spec, layout=given.layout, data=given.data)
    report = getattr(model, "port_report", None)
    if report is not None:
        print(report)
    reports = [report]
    if report is not None and report.failed:
        print("Nothing was written.")
    else:
        reports.append(_write(model, given.framework or given.to, given.out, given.to == "source", verify))
    failed = any(r is not None and r.failed for r in reports)
    written = [r for r in reports if r is not None]
    for path in given.report:
        for i, found in enumerate(written):
            name = Path(path)
            found.save(name if len(written) == 1 else name.with_stem(f"{name.stem}-{('in', 'out')[i]}"))
    return 1 if failed else 0


def _write(model: Any, framework: str, out: str, source: bool, verify: Any) -> Any:
    from multiback.porting.exporting import to_file, to_source

    if source or out.endswith(".py"):
        to_source(model, framework, out)
        print(f"Written: {out}")
        return None
    report = to_file(model, framework, out, verify=verify)
    print(report)
    if not report.failed:
        print(f"Written: {out}")
    return report

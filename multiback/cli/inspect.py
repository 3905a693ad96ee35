"""`multiback inspect`: what is in a model file: inputs, outputs, weights, ops, and what could not be ported."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from multiback.cli._sources import as_json, read_source
from multiback.errors import UnsupportedModel

DESCRIPTION = """\
Shows what a model file holds, without running it: what it is called on, its weights and their sizes, its ops, its
graph if asked, and the ops that keep it from being ported:

  multiback inspect model.onnx
  multiback inspect model.keras --graph
  multiback inspect weights.safetensors
  multiback inspect exported/ --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("source", help=".onnx, .keras, .pt2, the folder of a SavedModel, .safetensors, .npz")
    parser.add_argument("--spec", help="for .safetensors: the model, a .keras or .json file")
    parser.add_argument("--layout", help="for .safetensors: whose names and layouts the arrays have, such as torch")
    parser.add_argument("--graph", action="store_true", help="print the graph of the forward pass too")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(given: argparse.Namespace) -> int:
    """Runs the command; the exit status is 1 if the model cannot be imported."""
    if Path(given.source).suffix in (".safetensors", ".npz") and given.spec is None:
        return _show_tensors(given.source, given.json)
    try:
        model = read_source(given.source, verify=False, spec=given.spec, layout=given.layout)
    except UnsupportedModel as error:
        print(as_json({"file": given.source, "unsupported": error.ops}) if given.json else str(error))
        return 1
    found = described(model)
    if given.json:
        print(as_json({"file": given.source, **found}))
    else:
        _show(given.source, model, found)
    if given.graph and not given.json:
        from multiback.porting.forward import forward_graph

        print(forward_graph(model).graph)
    return 0


def described(model: Any) -> dict[str, Any]:
    """What a model is, as plain values."""
    from multiback.porting.exporting import unsupported
    from multiback.porting.forward import forward_graph

    form = forward_graph(model)
    graph = form.graph
    weights = [(n, v) for n, v in zip(form.names, form.variables)]
    return {
        "name": model.name,
        "inputs": {name: str(value.spec) for name, value in zip(form.inputs, graph.arguments)},
        "outputs": [str(x.spec) for x in graph.results],
        "weights": {
            "arrays": len(weights),
            "numbers": sum(v.size for _, v in weights),
            "bytes": sum(v.size * v.dtype.bits // 8 for _, v in weights),
            "list": [{"name": n, "shape": list(v.shape), "dtype": str(v.dtype)} for n, v in weights],
        },
        "ops": dict(Counter(e.op.name for e in graph.walk()).most_common()),
        "unsupported": unsupported(form),
    }


def _show(path: str, model: Any, found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from multiback.models.summary import readable_size

    console = Console(width=110, highlight=False)
    console.print(f"{path}: {found['name']}", markup=False)
    for name, spec in found["inputs"].items():
        console.print(f"  input   {name}: {spec}", markup=False)
    for i, spec in enumerate(found["outputs"]):
        console.print(f"  output  {i}: {spec}", markup=False)
    weights = found["weights"]
    console.print(f"  weights {weights['numbers']:,} in {weights['arrays']} arrays, {readable_size(weights['bytes'])}")
    table = Table()
    for heading in ("weight", "shape", "dtype"):
        table.add_column(heading)
    for row in weights["list"]:
        table.add_row(row["name"], str(tuple(row["shape"])), row["dtype"])
    console.print(table)
    console.print("  ops     " + ", ".join(f"{n} {c}" for n, c in found["ops"].items()), markup=False)
    for target, lacking in found["unsupported"].items():
        listed = ", ".join(f"{n} ({c}x)" for n, c in lacking.items()) if isinstance(lacking, dict) else lacking
        console.print(f"  to {target}: {listed or 'everything is supported'}", markup=False)


def _show_tensors(path: str, as_json_: bool) -> int:
    from multiback.porting.tensor_files import read_tensors

    arrays = {n: np.asarray(a) for n, a in read_tensors(path).items()}
    rows = [{"name": n, "shape": list(a.shape), "dtype": str(a.dtype)} for n, a in arrays.items()]
    total = sum(a.size for a in arrays.values())
    if as_json_:
        print(as_json({"file": path, "numbers": total, "list": rows}))
        return 0
    print(f"{path}: {total:,} numbers in {len(rows)} arrays")
    for row in rows:
        print(f"  {row['name']}: {row['dtype']}{row['shape']}")
    return 0

"""Runs the backend test suite of the `onnx` wheel through `from_onnx`, on any backend.

    python conformance_tests/porting/onnx_suite.py --backend torch
    python conformance_tests/porting/onnx_suite.py --markdown docs/onnx.md    # torch, jax and tensorflow

A case passes when every output has the dtype, the shape and, within the case's own tolerances (rtol 1e-3, atol 1e-7),
the numbers that the suite holds. An input whose number the graph must know when it is built (the shape given to
Reshape) is given as `from_onnx(..., inputs={name: array})`, as a person would; the importer's own error names it.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import functools
import io
import json
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")
FAILURES = Path(__file__).with_name("onnx_suite_failures.json")
_SMALL = ("FLOAT8", "FLOAT4", "INT4", "UINT4", "INT2", "UINT2")


@dataclass(frozen=True)
class Result:
    """What became of a case: `fixed` names the inputs whose values were given."""

    name: str
    passed: bool
    reason: str = ""
    fixed: tuple[str, ...] = ()


@functools.cache
def load(kind: str) -> tuple[Any, ...]:
    """The cases of a kind, from the wheel."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        return tuple(load_model_tests(kind=kind))


def model_of(case: Any) -> Any:
    """The ModelProto of a case."""
    import onnx

    if case.model is not None:
        return case.model
    return onnx.load(Path(case.model_dir) / "model.onnx", load_external_data=False)


def data_of(case: Any, model: Any) -> Iterator[tuple[list[Any], list[Any]]]:
    """The inputs and the outputs of each data set of a case."""
    from onnx import TensorProto, numpy_helper

    if case.data_sets is not None:
        for inputs, outputs in case.data_sets:
            yield [_array(x) for x in inputs], [_array(x) for x in outputs]
        return
    for folder in sorted(Path(case.model_dir).glob("test_data_set_*")):
        sets = []
        for role in ("input", "output"):
            count = len(list(folder.glob(f"{role}_*.pb")))
            arrays = []
            for i in range(count):
                tensor = TensorProto()
                tensor.ParseFromString((folder / f"{role}_{i}.pb").read_bytes())
                arrays.append(numpy_helper.to_array(tensor))
            sets.append(arrays)
        yield sets[0], sets[1]


def _array(x: Any) -> Any:
    """Some cases hold messages instead of arrays."""
    from onnx import TensorProto, numpy_helper

    if isinstance(x, list):
        return [_array(item) for item in x]
    return numpy_helper.to_array(x) if isinstance(x, TensorProto) else x


def class_of(case: Any) -> str:
    """The class of a case: what is left out of the goal, or "arrays"."""
    import onnx

    model = model_of(case)
    values = [*model.graph.input, *model.graph.output]
    kinds = {v.type.WhichOneof("value") for v in values}
    elements = {
        onnx.TensorProto.DataType.Name(v.type.tensor_type.elem_type) for v in values if v.type.HasField("tensor_type")
    }
    for node in model.graph.node:
        elements |= {
            onnx.TensorProto.DataType.Name(a.i) for a in node.attribute if a.name in ("to", "output_dtype") and a.i
        }
        for a in node.attribute:
            if a.type == onnx.AttributeProto.TENSOR:
                elements.add(onnx.TensorProto.DataType.Name(a.t.data_type))
    domains = {node.domain for node in model.graph.node}
    if "ai.onnx.preview.training" in domains or any(n.domain.endswith("training") for n in model.opset_import):
        return "training"
    if "ai.onnx.ml" in domains:
        return "ml"
    if any(e.startswith(_SMALL) for e in elements):
        return "fp8, int4, int2"
    if "STRING" in elements:
        return "string"
    if kinds & {"sequence_type", "optional_type"} or any("Sequence" in n.op_type for n in model.graph.node):
        return "sequence, optional"
    return "arrays"


def run_case(case: Any, backend: str) -> Result:
    """One case on one backend."""
    from multiback_onnx.importer.node import NeedsValue

    model = model_of(case)
    names = _input_names(model)
    fixed: set[str] = set()
    try:
        for inputs, outputs in data_of(case, model):
            while True:
                try:
                    got = _run(model, dict(zip(names, inputs)), fixed, backend)
                    break
                except NeedsValue as error:
                    if not set(error.inputs) - fixed or not set(error.inputs) <= set(names):
                        raise
                    fixed |= set(error.inputs)
            if why := compare(got, outputs, case.rtol, case.atol):
                return Result(case.name, False, why, tuple(sorted(fixed)))
    except Exception as error:
        return Result(case.name, False, f"{type(error).__name__}: {error}".split("\n")[0][:300], tuple(sorted(fixed)))
    return Result(case.name, True, "", tuple(sorted(fixed)))


def _input_names(model: Any) -> list[str]:
    known = {t.name for t in model.graph.initializer}
    return [v.name for v in model.graph.input if v.name not in known]


def _run(model: Any, feeds: dict[str, Any], fixed: set[str], backend: str) -> list[np.ndarray]:
    from multiback import dtypes
    from multiback.backends.protocol import Options
    from multiback.backends.registry import get_adapter
    from multiback.graph.ir import Spec
    from multiback.graph.trace import trace
    from multiback_onnx.importer import load as import_onnx

    given: dict[str, Any] = {}
    for name, value in feeds.items():
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind != "O":
            value = np.asarray(value)
            given[name] = value if name in fixed else Spec(value.shape, dtypes.as_dtype(value.dtype))
    imported = import_onnx(model, inputs=given)
    arrays = {w.name: w.array for w in imported.weights}
    key = np.array([1, 2], np.int32)

    def program(weights: dict[str, Any], args: tuple[Any, ...]) -> Any:
        return imported.program(weights, lambda: key, False, args, {})

    specs = {n: Spec(a.shape, dtypes.as_dtype(a.dtype)) for n, a in arrays.items()}
    graph = trace(program, specs, imported.args, name="model").graph
    names = sorted(arrays)
    values = [feeds[n] for n in feeds if n not in fixed]
    adapter = get_adapter(backend)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        executable = adapter.compile(graph, Options(jit=False))
        results = executable(*(arrays[n] for n in names), *values)
    return [adapter.to_numpy(x) for x in results]


def compare(got: list[np.ndarray], expected: list[Any], rtol: float, atol: float) -> str:
    """Why outputs are not those expected, or an empty string."""
    wanted: list[Any] = []
    for x in expected:
        wanted += x if isinstance(x, list) else [x]
    if len(got) != len(wanted):
        return f"{len(wanted)} outputs expected, got {len(got)}"
    for i, (mine, theirs) in enumerate(zip(got, wanted)):
        theirs = np.asarray(theirs)
        mine = np.asarray(mine)
        if mine.dtype != theirs.dtype:
            return f"output {i} is {mine.dtype}, expected {theirs.dtype}"
        if mine.shape != theirs.shape:
            return f"output {i} has shape {mine.shape}, expected {theirs.shape}"
        if theirs.dtype.kind == "V" or theirs.dtype.name in ("bfloat16",):
            mine, theirs = mine.astype(np.float32), theirs.astype(np.float32)
        if not np.allclose(mine, theirs, rtol, atol, equal_nan=True):
            worst = np.nanmax(np.abs(mine.astype(np.float64) - theirs.astype(np.float64)))
            return f"output {i} differs by up to {worst:.3g}"
    return ""


def run_all(backend: str, kinds: Iterable[str] = KINDS, only: str = "") -> dict[str, list[Result]]:
    """All cases on a backend, by kind."""
    found = {}
    for kind in kinds:
        found[kind] = [run_case(case, backend) for case in load(kind) if only in case.name]
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", action="append", help="numpy, torch, jax or tensorflow; may be repeated")
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--json", type=Path, help="write every result")
    parser.add_argument("--quiet", action="store_true", help="no list of failures")
    options = parser.parse_args(arguments)
    everything: dict[str, Any] = {}
    for backend in options.backend or ["numpy"]:
        start = time.perf_counter()
        results = run_all(backend, options.kind or KINDS, options.only)
        everything[backend] = {k: [r.__dict__ for r in v] for k, v in results.items()}
        for kind, found in results.items():
            good = sum(r.passed for r in found)
            print(f"{backend} {kind}: {good} of {len(found)}")
        if not options.quiet:
            for result in (r for v in results.values() for r in v if not r.passed):
                print(f"  {result.name}: {result.reason}")
        reasons = collections.Counter(r.reason[:90] for v in results.values() for r in v if not r.passed)
        print(f"{backend}: {time.perf_counter() - start:.0f} s;", len(reasons), "different reasons")
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

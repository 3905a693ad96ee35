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

BACKENDS = ("torch", "jax", "tensorflow", "numpy")
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


@functools.cache
def failure_groups() -> tuple[dict[str, Any], ...]:
    """What is known to fail: a reason, the backends and the cases of each group."""
    return tuple(json.loads(FAILURES.read_text()))


def known_failures(backend: str) -> dict[str, str]:
    """The reason of each case that is known to fail on a backend."""
    return {
        name: group["reason"] for group in failure_groups() if backend in group["backends"] for name in group["cases"]
    }


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
        executable = adapter.compile(graph, Options())
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


LEFT_OUT = ("fp8, int4, int2", "string", "sequence, optional", "ml", "training")
_START, _END = "<!-- results: written by onnx_suite.py -->", "<!-- end of results -->"


def markdown(everything: dict[str, dict[str, list[Result]]]) -> str:
    """The table of results, and the list of what fails."""
    import onnx

    classes = {case.name: (kind, class_of(case)) for kind in KINDS for case in load(kind)}
    backends = list(everything)
    rows = collections.Counter(classes.values())
    passed: collections.Counter[tuple[str, str, str]] = collections.Counter()
    failing: dict[str, dict[str, Result]] = collections.defaultdict(dict)
    inputs = {case.name: set(_input_names(model_of(case))) for kind in KINDS for case in load(kind)}
    fixed = whole = 0
    for backend in backends:
        for found in everything[backend].values():
            for result in found:
                passed[(backend, *classes[result.name])] += result.passed
                if result.fixed and result.passed and backend == backends[0]:
                    fixed += 1
                    whole += set(result.fixed) == inputs[result.name]
                if not result.passed:
                    failing[result.name][backend] = result
    lines = [_START, "", f"onnx {onnx.__version__}, opset {onnx.defs.onnx_opset_version()}.", ""]
    lines.append("| kind | class | cases | " + " | ".join(backends) + " |")
    lines.append("|---|---|---:|" + "---:|" * len(backends))
    for (kind, name), count in sorted(rows.items(), key=lambda r: (KINDS.index(r[0][0]), r[0][1])):
        shown = " | ".join(str(passed[(b, kind, name)]) for b in backends)
        lines.append(f"| {kind} | {name} | {count} | {shown} |")
    for label, chosen in (
        ("**node, without the classes left out**", lambda kind, name: kind == "node" and name not in LEFT_OUT),
        ("**all of node**", lambda kind, name: kind == "node"),
        ("**pytorch-converted and -operator**", lambda kind, name: kind.startswith("pytorch")),
        ("**everything**", lambda kind, name: True),
    ):
        count = sum(n for key, n in rows.items() if chosen(*key))
        sums = [sum(n for key, n in passed.items() if key[0] == b and chosen(*key[1:])) for b in backends]
        lines.append(f"| {label} | | {count} | " + " | ".join(f"{n} ({n / count:.1%})" for n in sums) + " |")
    lines += [
        "",
        f"{fixed} of the cases that pass hand a shape, an axis or the like to the model as an input. Its value",
    ]
    lines += ["is given when the model is imported, as the importer's error asks for: `inputs={name: array}`."]
    lines += [f"In {whole} of them there is no other input, as in Range or ConstantOfShape.", ""]
    lines += ["### What fails, and why", ""]
    reasons: dict[tuple[str, tuple[str, ...]], list[str]] = collections.defaultdict(list)
    for name, found in failing.items():
        first = next(iter(found))
        why = known_failures(first).get(name, "not listed: " + found[first].reason)
        reasons[why, tuple(b for b in backends if b in found)].append(name)
    for (why, where), names in sorted(reasons.items(), key=lambda r: -len(r[1])):
        place = "" if len(where) == len(backends) else f" (on {', '.join(where)})"
        lines.append(f"- **{len(names)}**{place}: {why}")
        left_out = {classes[n][1] for n in names} <= set(LEFT_OUT)
        if not left_out:
            lines.append("  " + ", ".join(f"`{n.removeprefix('test_')}`" for n in sorted(names)))
    return "\n".join([*lines, "", _END])


def write_markdown(path: Path, text: str) -> None:
    """Puts the results between the marks of a document, or makes the document."""
    old = path.read_text() if path.exists() else f"# ONNX\n\n{_START}\n{_END}\n"
    before, _, rest = old.partition(_START)
    path.write_text(before + text + rest.partition(_END)[2])


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", action="append", help="numpy, torch, jax or tensorflow; may be repeated")
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--json", type=Path, help="write every result")
    parser.add_argument("--markdown", type=Path, help="write the tables into this document; on torch, jax, tensorflow")
    parser.add_argument("--quiet", action="store_true", help="no list of failures")
    options = parser.parse_args(arguments)
    everything: dict[str, dict[str, list[Result]]] = {}
    for backend in options.backend or (BACKENDS[:3] if options.markdown else ["numpy"]):
        start = time.perf_counter()
        results = run_all(backend, options.kind or KINDS, options.only)
        everything[backend] = results
        for kind, found in results.items():
            good = sum(r.passed for r in found)
            print(f"{backend} {kind}: {good} of {len(found)}")
        if not options.quiet:
            for result in (r for v in results.values() for r in v if not r.passed):
                print(f"  {result.name}: {result.reason}")
        reasons = collections.Counter(r.reason[:90] for v in results.values() for r in v if not r.passed)
        print(f"{backend}: {time.perf_counter() - start:.0f} s;", len(reasons), "different reasons")
    if options.json:
        plain = {b: {k: [vars(r) for r in v] for k, v in found.items()} for b, found in everything.items()}
        options.json.write_text(json.dumps(plain, indent=1))
    if options.markdown:
        write_markdown(options.markdown, markdown(everything))
    return 0


if __name__ == "__main__":
    sys.exit(main())

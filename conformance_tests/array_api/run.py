"""Runs the public test suite of the array API standard, data-apis/array-api-tests, on `multiback.array_api`.

    git clone --recurse-submodules https://github.com/data-apis/array-api-tests
    python conformance_tests/array_api/run.py --suite array-api-tests --backend torch

Needs pytest-json-report, as the suite does. What is expected to fail stands in `<backend>-xfails.txt` with its reason.
A test that fails otherwise, and one that passes although it stands there, make the run fail. `skips.txt` names three
tests that no backend can be held to. The counts go to `results.json` and from there to `docs/array_api.md`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from multiback.backends.registry import get_adapter

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
DOCUMENT = HERE.parents[1] / "docs" / "array_api.md"
BACKENDS = ("numpy", "torch", "jax", "tensorflow")
OUTCOMES = ("passed", "failed", "error", "xfailed", "xpassed", "skipped")


def find_suite(path: str | None) -> Path:
    """The folder that holds `array_api_tests`: the one given, or that of the installed package.

    Raises:
        SystemExit: if there is none.
    """
    if path is None and (spec := importlib.util.find_spec("array_api_tests")) and spec.origin:
        return Path(spec.origin).parents[1]
    if path is None or not (Path(path) / "array_api_tests").is_dir():
        raise SystemExit(
            f"No checkout of the suite at {path}. Get it: "
            "git clone --recurse-submodules https://github.com/data-apis/array-api-tests, then --suite array-api-tests"
        )
    return Path(path).resolve()


def run(backend: str, suite: Path, examples: int, selection: list[str]) -> dict[str, Any]:
    """Runs the suite on a backend, in a process of its own.

    Returns:
        What `results.json` holds for it, and the ids of unexpected results under "unexpected".
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            *(sys.executable, "-m", "pytest", "array_api_tests", "-q", "--tb=short", "-W", "ignore"),
            *("-p", "no:cacheprovider", "-p", "reproducible", "-o", "xfail_strict=true"),
            *("--max-examples", str(examples), "--disable-deadline", "--derandomize"),
            *("--xfails-file", str(HERE / f"{backend}-xfails.txt"), "--skips-file", str(HERE / "skips.txt")),
            *("--json-report", "--json-report-omit", "log", "streams", "--json-report-file", str(report)),
            *selection,
        ]
        environment = {
            **os.environ,
            "PYTHONHASHSEED": "0",
            "MULTIBACK_BACKEND": backend,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH")))),
            "ARRAY_API_TESTS_MODULE": "multiback.array_api",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        begin = time.perf_counter()
        subprocess.run(command, cwd=suite, env=environment)
        if not report.exists():
            raise SystemExit(f"The suite did not run on {backend}; see the messages above.")
        tests = json.loads(report.read_text())["tests"]
    counts = Counter(t["outcome"] for t in tests)
    return {
        "version": get_adapter(backend).version(),
        "seconds": round(time.perf_counter() - begin),
        "examples": examples,
        "suite": commit(suite),
        "hypothesis": importlib.metadata.version("hypothesis"),
        "total": len(tests),
        **{outcome: counts[outcome] for outcome in OUTCOMES},
        "unexpected": [t["nodeid"] for t in tests if t["outcome"] in ("failed", "error", "xpassed")],
    }


def commit(suite: Path) -> str:
    """The commit of the checkout, or the version of the package."""
    found = subprocess.run(["git", "-C", str(suite), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return found.stdout.strip() or importlib.metadata.version("array-api-tests")


def reasons(backend: str) -> dict[str, int]:
    """How many tests each reason in a backend's list excuses."""
    found: dict[str, int] = {}
    reason = ""
    for line in (HERE / f"{backend}-xfails.txt").read_text().splitlines():
        if line.startswith("#"):
            reason = line.lstrip("# ")
        elif line.strip():
            found[reason] = found.get(reason, 0) + 1
    return found


def document(results: dict[str, Any]) -> str:
    """The page that shows the counts."""
    lines = [
        "# The array API standard",
        "",
        "`multiback.array_api` is a namespace of the [array API standard](https://data-apis.org/array-api/2024.12/), "
        "version 2024.12, with the extensions `linalg` and `fft`, on every backend. "
        "`make array-api SUITE=path` runs the public suite, data-apis/array-api-tests, on it and writes this page.",
        "Three of the tests that are skipped depend on the example drawn (`conformance_tests/array_api/skips.txt`); "
        "the others are skipped by the suite itself, most as newer than 2024.12. For comparison, NumPy's own namespace "
        "passes 1,320 of the 1,380 (the same suite and number of examples).",
        "",
        "| backend | version | passed | expected to fail | failed | skipped | of | examples | suite | seconds |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in (b for b in BACKENDS if b in results):
        r = results[name]
        failed = r["failed"] + r["error"] + r["xpassed"]
        lines.append(
            f"| {name} | {r['version']} | {r['passed']} | {r['xfailed']} | {failed} | {r['skipped']} | {r['total']} "
            f"| {r['examples']} | {r['suite']} | {r['seconds']} |"
        )
    lines += ["", "## What is expected to fail", ""]
    for name in (b for b in BACKENDS if b in results):
        lines += [f"### {name}", ""]
        lines += [f"- {count} x {reason}" for reason, count in reasons(name).items()] or ["Nothing."]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main(argv: list[str] | None = None) -> int:
    """Runs the suite; the exit status is 1 when a result is not the expected one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", action="append", choices=BACKENDS, help="default: all")
    parser.add_argument("--suite", default=os.environ.get("ARRAY_API_TESTS"), help="a checkout of array-api-tests")
    parser.add_argument("--max-examples", type=int, default=3, help="examples that Hypothesis draws for each test")
    parser.add_argument("selection", nargs="*", help="arguments for pytest; then nothing is recorded")
    given = parser.parse_args(argv)
    suite = find_suite(given.suite)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    unexpected: list[str] = []
    for backend in given.backend or BACKENDS:
        found = run(backend, suite, given.max_examples, given.selection)
        unexpected += [f"{backend}: {test}" for test in found.pop("unexpected")]
        print(f"{backend}: " + ", ".join(f"{found[o]} {o}" for o in OUTCOMES) + f" of {found['total']}")
        if not given.selection:
            results[backend] = found
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
            DOCUMENT.write_text(document(results))
    for line in unexpected:
        print(f"unexpected: {line}")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())

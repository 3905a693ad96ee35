"""Runs the cases of ops on an adapter from the command line.

`python -m multiback.testing.ops --backend torch --only softmax,conv`.
"""

from __future__ import annotations

import argparse
import sys

from multiback.backends.protocol import Adapter
from multiback.backends.registry import available_backends, get_adapter
from multiback.graph.op import OPS
from multiback.testing.chapters.ops import checks
from multiback.testing.op_graphs import case_graph, draw, gradient_graph, reference
from multiback.testing.records import Check


def main(argv: list[str] | None = None) -> int:
    """Runs cases from the command line; the exit status is 1 when any fails."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--backend", action="append", help="default: all installed")
    parser.add_argument("--only", default="", help="names of ops, comma separated; or a module such as reduction")
    parser.add_argument("--verbose", action="store_true", help="print measured constants")
    parser.add_argument("--thorough", action="store_true", help="also the long sweep")
    given = parser.parse_args(argv)
    only = set(filter(None, given.only.split(",")))
    failures = 0
    for name in given.backend or available_backends():
        adapter = get_adapter(name)
        count = 0
        for check in checks():
            module = OPS[check.subject].module.rpartition(".")[2]
            if only and check.subject not in only and module not in only:
                continue
            if check.concerns(adapter) and (given.thorough or not check.thorough):
                count += 1
                failures += _report(check, adapter, given.verbose)
        print(f"{name}: {count} checks run")
    print(f"{failures} failed")
    return 1 if failures else 0


def _report(check: Check, adapter: Adapter, verbose: bool) -> int:
    label = f"{check.id} on {adapter.name}"
    try:
        rows = list(check.run(adapter))
    except Exception as error:
        print(f"ERROR {label}: {type(error).__name__}: {str(error)[:600]}")
        return 1
    bad = [r for r in rows if not r.verdict.passed]
    for row in bad:
        print(f"FAIL {label}: {row.what}: {row.verdict.text}")
    if verbose and rows:
        print(f"ok   {label}: c = {max(r.verdict.measured for r in rows):.3g}")
    return 1 if bad else 0


__all__ = ["case_graph", "draw", "gradient_graph", "main", "reference"]

if __name__ == "__main__":
    sys.exit(main())
